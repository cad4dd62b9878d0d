import { concatBytes, utf8 } from '@blindai/core'
import { ChannelError } from './channel-error.ts'
import {
  announcedLength,
  type BinaryRequest,
  type BinaryResponse,
  checkControlData,
  checkFieldLine,
  checkStatus,
  type HttpBody,
  type HttpHeaders,
  hasNoContent,
} from './http-message.ts'
import { paddedLength } from './padding.ts'
import { encodeVarint } from './varint.ts'

/**
 * Writes Binary HTTP: a body in memory as a known-length message, a stream as an indeterminate-length one. No trailers,
 * no informational responses.
 *
 * Source: RFC 9292 section 3.
 */

const FRAMING = { request: { known: 0, stream: 2 }, response: { known: 1, stream: 3 } } as const

/** A message in pieces whose bytes joined are the Binary HTTP message, without padding. */
export type MessagePieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * A request in pieces; the body is passed through, not copied.
 *
 * @throws {ChannelError} `BINARY_HTTP_MALFORMED`, now or, for what only a stream's end shows, while it is read.
 */
export function encodeRequest(request: BinaryRequest): MessagePieces {
  checkControlData(request)
  const control = [request.method, request.scheme, request.authority, request.path].flatMap(lengthPrefixed)
  return encodeMessage('request', control, request.headers, request.body, announcedLength(request.headers))
}

/** A response in pieces, as `encodeRequest`. */
export function encodeResponse(response: BinaryResponse): MessagePieces {
  checkStatus(response.status)
  const length = hasNoContent(response.status) ? 0 : undefined
  return encodeMessage('response', [encodeVarint(response.status)], response.headers, response.body, length)
}

/** A known-length message in one piece, padded with zeros. */
export function joinPadded(pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  let length = 0
  const parts = [...pieces]
  for (const part of parts) length += part.byteLength
  const message = new Uint8Array(paddedLength(length))
  let offset = 0
  for (const part of parts) {
    message.set(part, offset)
    offset += part.byteLength
  }
  return message
}

/** True when the pieces are at hand, as those of a body in memory are. */
export function isAtHand(pieces: MessagePieces): pieces is Iterable<Uint8Array> {
  return Symbol.iterator in pieces
}

function encodeMessage(
  kind: 'request' | 'response',
  control: readonly Uint8Array[],
  headers: HttpHeaders,
  body: HttpBody,
  length: number | undefined,
): MessagePieces {
  const lines = encodeFieldLines(headers)
  const zero = Uint8Array.of(0)
  if (body instanceof Uint8Array) {
    checkLength(length, body.byteLength)
    const head = [Uint8Array.of(FRAMING[kind].known), ...control, encodeVarint(lines.byteLength), lines]
    return [concatBytes(...head, encodeVarint(body.byteLength)), body, zero]
  }
  return streamed(concatBytes(Uint8Array.of(FRAMING[kind].stream), ...control, lines, zero), body, length)
}

async function* streamed(
  head: Uint8Array,
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head
  let sent = 0
  for await (const chunk of body) {
    if (chunk.byteLength === 0) continue
    sent += chunk.byteLength
    yield encodeVarint(chunk.byteLength)
    yield chunk
  }
  checkLength(length, sent)
  // The end of the content, and an empty trailer section.
  yield Uint8Array.of(0, 0)
}

function encodeFieldLines(headers: HttpHeaders): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  for (const [name, value] of headers) {
    checkFieldLine(name, value)
    parts.push(...lengthPrefixed(name), ...lengthPrefixed(value))
  }
  return concatBytes(...parts)
}

function lengthPrefixed(text: string): Uint8Array[] {
  const bytes = utf8(text)
  return [encodeVarint(bytes.byteLength), bytes]
}

function checkLength(announced: number | undefined, actual: number): void {
  if (announced === undefined || announced === actual) return
  throw new ChannelError('BINARY_HTTP_MALFORMED', { field: 'Content', expected: `${announced} bytes long` })
}
