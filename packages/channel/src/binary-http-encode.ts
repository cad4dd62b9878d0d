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
export type MessagePieces = readonly Uint8Array[] | AsyncIterable<Uint8Array>

/**
 * A request in pieces; the body is passed through, not copied.
 *
 * @throws {ChannelError} `BINARY_HTTP_MALFORMED`, now or, for what only a stream's end shows, while it is read.
 */
export function encodeRequest(request: BinaryRequest<Uint8Array>): readonly Uint8Array[]
export function encodeRequest(request: BinaryRequest): MessagePieces
export function encodeRequest(request: BinaryRequest): MessagePieces {
  checkControlData(request)
  const control = [request.method, request.scheme, request.authority, request.path].flatMap(lengthPrefixed)
  const length = announcedLength(request.headers)
  return encodeMessage({ kind: 'request', control, headers: request.headers, length }, request.body)
}

/** A response in pieces, as `encodeRequest`. */
export function encodeResponse(response: BinaryResponse<Uint8Array>): readonly Uint8Array[]
export function encodeResponse(response: BinaryResponse): MessagePieces
export function encodeResponse(response: BinaryResponse): MessagePieces {
  checkStatus(response.status)
  const control = [encodeVarint(response.status)]
  const length = hasNoContent(response.status) ? 0 : undefined
  return encodeMessage({ kind: 'response', control, headers: response.headers, length }, response.body)
}

/** Bytes of a message that is in memory. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.byteLength
  return length
}

/** A known-length message in one piece, padded with zeros. */
export function joinPadded(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(paddedLength(lengthOf(pieces)))
  let offset = 0
  for (const piece of pieces) {
    message.set(piece, offset)
    offset += piece.byteLength
  }
  return message
}

/** What precedes the body of a message. */
interface Head {
  readonly kind: 'request' | 'response'
  readonly control: readonly Uint8Array[]
  readonly headers: HttpHeaders
  /** What the body's length must be, where something says so. */
  readonly length: number | undefined
}

function encodeMessage({ kind, control, headers, length }: Head, body: HttpBody): MessagePieces {
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
