import { ByteSource } from './byte-source.ts'
import { ChannelError } from './channel-error.ts'
import {
  announcedLength,
  type BinaryRequest,
  type BinaryResponse,
  checkControlData,
  checkFieldLine,
  checkStatus,
  collectBody,
  type HttpBody,
  type HttpHeaders,
  hasNoContent,
} from './http-message.ts'
import { checkPadding } from './padding.ts'

/**
 * Reads Binary HTTP of known and indeterminate length, front to back, from bytes that may still be arriving.
 *
 * Source: RFC 9292 section 3. Sections that are missing at the end count as empty, as section 3.8 demands; a message cut
 * anywhere else is refused. Informational responses are read and dropped. Stricter than the RFC: trailers, fields about
 * a connection and what `http-message.ts` lists are refused, and padding must be zero.
 */

/** What a message may hold. */
export interface BinaryHttpLimits {
  /** Bytes of each part of the control data, of each field line, and of a whole header section. */
  readonly maxHeaderBytes: number
  readonly maxFieldLines: number
  /** Bytes of the message, padding included. */
  readonly maxMessageBytes: number
}

/** Limits for the head of a message that nothing narrower is known about. */
export const DEFAULT_HEAD_LIMITS: Omit<BinaryHttpLimits, 'maxMessageBytes'> = {
  maxHeaderBytes: 32 * 1024,
  maxFieldLines: 128,
}

const MAX_INFORMATIONAL = 8
const PIECE_BYTES = 64 * 1024
/** A chunk of content costs the same for one byte as for thousands: a message of crumbs is an attack. */
const SMALL_BYTES = 4096
const MAX_SMALL_CHUNKS = 1024

/** Reads a request. A stream's body must be read to its end before the request counts as complete. */
export async function decodeRequest(message: HttpBody, limits: BinaryHttpLimits): Promise<BinaryRequest> {
  const reader = new MessageReader(message, limits)
  const known = await reader.framing(0, 2)
  const method = await reader.text('Method')
  const scheme = await reader.text('Scheme')
  const authority = await reader.text('Authority')
  const path = await reader.text('Path')
  checkControlData({ method, scheme, authority, path })
  const headers = await reader.headers(known)
  const body = await reader.body(known, announcedLength(headers))
  return { method, scheme: 'https', authority, path, headers, body }
}

/** Reads a response, as `decodeRequest`. */
export async function decodeResponse(message: HttpBody, limits: BinaryHttpLimits): Promise<BinaryResponse> {
  const reader = new MessageReader(message, limits)
  const known = await reader.framing(1, 3)
  let status = await reader.status()
  for (let dropped = 0; status >= 100 && status < 200; dropped++) {
    if (dropped === MAX_INFORMATIONAL) {
      throw new ChannelError('TOO_LARGE', { field: 'informational responses', limit: MAX_INFORMATIONAL })
    }
    await reader.headers(known)
    status = await reader.status()
  }
  checkStatus(status)
  const headers = await reader.headers(known)
  return { status, headers, body: await reader.body(known, hasNoContent(status) ? 0 : undefined) }
}

class MessageReader {
  readonly #source: ByteSource
  readonly #limits: BinaryHttpLimits
  readonly #isStream: boolean

  constructor(message: HttpBody, limits: BinaryHttpLimits) {
    this.#limits = limits
    this.#isStream = !(message instanceof Uint8Array)
    this.#source = new ByteSource(message, {
      name: 'binary HTTP message',
      limit: limits.maxMessageBytes,
      truncated: (field) => malformed(field, 'complete'),
    })
  }

  /** True for the known-length form. */
  async framing(known: number, indeterminate: number): Promise<boolean> {
    const actual = await this.#source.varint('Framing Indicator', Number.MAX_SAFE_INTEGER)
    if (actual !== known && actual !== indeterminate)
      throw malformed('Framing Indicator', `${known} or ${indeterminate}`)
    return actual === known
  }

  async text(field: string): Promise<string> {
    const length = await this.#source.varint(`${field} Length`, this.#limits.maxHeaderBytes)
    return ascii(await this.#source.take(length, field))
  }

  async status(): Promise<number> {
    return this.#source.varint('Status Code', 599)
  }

  async headers(known: boolean): Promise<HttpHeaders> {
    if (await this.#source.isAtEnd()) return []
    const lines = new FieldLines(this.#limits)
    if (!known) {
      await lines.readUntilZero(this.#source)
      return lines.headers
    }
    const length = await this.#source.varint('Header Section Length', this.#limits.maxHeaderBytes)
    await lines.readAll(await this.#source.take(length, 'Header Section'))
    return lines.headers
  }

  /** The body of a message in memory at once, of a stream as it comes. */
  async body(known: boolean, announced: number | undefined): Promise<HttpBody> {
    const pieces = known ? this.#knownContent() : this.#chunks()
    const body = this.#checked(pieces, announced)
    return this.#isStream ? body : collectBody(body, this.#limits.maxMessageBytes)
  }

  async *#checked(
    pieces: AsyncIterable<Uint8Array>,
    announced: number | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let length = 0
    try {
      for await (const piece of pieces) {
        length += piece.byteLength
        if (announced !== undefined && length > announced) throw malformed('Content', `${announced} bytes long`)
        yield piece
      }
      if (announced !== undefined && length !== announced) throw malformed('Content', `${announced} bytes long`)
      await this.#end()
    } finally {
      await this.#source.cancel()
    }
  }

  async *#knownContent(): AsyncGenerator<Uint8Array, void, undefined> {
    if (await this.#source.isAtEnd()) return
    yield* this.#pieces(await this.#source.varint('Content Length', this.#limits.maxMessageBytes))
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    if (await this.#source.isAtEnd()) return
    let small = 0
    for (;;) {
      const crumbs = this.#isStream ? joinCrumbs(this.#source.atHand) : undefined
      if (crumbs !== undefined) {
        this.#source.skip(crumbs.consumed)
        yield crumbs.content
      }
      const length = await this.#source.varint('Chunk Length', this.#limits.maxMessageBytes)
      if (length === 0) return
      // A stream is read by whoever wants its body; what is in memory is read here, and before anybody knows who sent it.
      if (!this.#isStream && length < SMALL_BYTES && ++small > MAX_SMALL_CHUNKS) {
        throw new ChannelError('TOO_LARGE', { field: 'small chunks', limit: MAX_SMALL_CHUNKS })
      }
      yield* this.#pieces(length)
    }
  }

  async *#pieces(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    let missing = length
    while (missing > 0) {
      const piece = await this.#source.takeSome(missing)
      if (piece.byteLength === 0) throw malformed('Content', 'complete')
      missing -= piece.byteLength
      yield piece
    }
  }

  /** The trailer section, which must be empty in either form, and the padding. */
  async #end(): Promise<void> {
    if (await this.#source.isAtEnd()) return
    if ((await this.#source.varint('Trailer Section', Number.MAX_SAFE_INTEGER)) !== 0) {
      throw malformed('Trailer Section', 'empty')
    }
    while (!(await this.#source.isAtEnd())) {
      const offset = this.#source.consumed
      checkPadding(await this.#source.takeSome(PIECE_BYTES), offset)
    }
  }
}

/**
 * The small chunks at the beginning of some bytes, joined, as far as they are there whole. Thousands of them then cost what
 * one does: each on its own would pass through every reader up to the route. undefined where there is nothing to join.
 */
function joinCrumbs(bytes: Uint8Array): { readonly content: Uint8Array; readonly consumed: number } | undefined {
  let content: Uint8Array | undefined
  let filled = 0
  let consumed = 0
  for (;;) {
    const first = bytes[consumed] ?? 0
    const start = consumed + (1 << (first >>> 6))
    let length = first & 0x3f
    for (let at = consumed + 1; at < start; at++) length = length * 256 + (bytes[at] ?? 0)
    // What ends the content, is large or is not whole is for the reader that waits and checks.
    if (length === 0 || length >= SMALL_BYTES || start + length > bytes.byteLength) break
    content ??= new Uint8Array(bytes.byteLength)
    consumed = start
    while (consumed < start + length) content[filled++] = bytes[consumed++] ?? 0
  }
  return content && { content: content.subarray(0, filled), consumed }
}

/** Field lines of one section, counted and bounded. */
class FieldLines {
  readonly headers: [string, string][] = []
  readonly #limits: BinaryHttpLimits

  constructor(limits: BinaryHttpLimits) {
    this.#limits = limits
  }

  async readAll(section: Uint8Array): Promise<void> {
    const source = new ByteSource(section, {
      name: 'Header Section',
      limit: section.byteLength,
      truncated: (field) => malformed(field, 'complete'),
    })
    while (!(await source.isAtEnd())) {
      const length = await source.varint('Name Length', this.#limits.maxHeaderBytes)
      await this.#readLine(source, length)
    }
  }

  async readUntilZero(source: ByteSource): Promise<void> {
    const start = source.consumed
    for (;;) {
      const length = await source.varint('Name Length', this.#limits.maxHeaderBytes)
      if (length === 0) return
      await this.#readLine(source, length)
      if (source.consumed - start > this.#limits.maxHeaderBytes) {
        throw new ChannelError('TOO_LARGE', { field: 'Header Section', limit: this.#limits.maxHeaderBytes })
      }
    }
  }

  async #readLine(source: ByteSource, nameLength: number): Promise<void> {
    if (this.headers.length === this.#limits.maxFieldLines) {
      throw new ChannelError('TOO_LARGE', { field: 'Field Lines', limit: this.#limits.maxFieldLines })
    }
    const name = ascii(await source.take(nameLength, 'Name'))
    const valueLength = await source.varint('Value Length', this.#limits.maxHeaderBytes)
    const value = ascii(await source.take(valueLength, 'Value'))
    checkFieldLine(name, value)
    this.headers.push([name, value])
  }
}

/** Text of bytes; what lies past ASCII becomes characters that every check refuses. */
function ascii(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

function malformed(field: string, expected: string): ChannelError {
  return new ChannelError('BINARY_HTTP_MALFORMED', { field, expected })
}
