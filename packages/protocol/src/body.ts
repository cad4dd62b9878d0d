import { fromUtf8, MalformedError, utf8 } from '@blindai/core'
import type { ProtocolLimits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * The two parts of a body: JSON, then the binary data of tensors or files in the order in which the JSON names them.
 *
 * Source: binary tensor data extension of the Open Inference Protocol.
 */

/** The header that gives the bytes of the JSON part; needed whenever binary data follows. */
export const HEADER_LENGTH_HEADER = 'Inference-Header-Content-Length'

/** The media type of a body that is JSON alone. */
export const JSON_CONTENT_TYPE = 'application/json'

/** The media type of a body with a binary part. */
export const BINARY_CONTENT_TYPE = 'application/octet-stream'

/** The JSON part is padded with spaces to this many bytes, so that the first tensor can be viewed where it lies. */
const ALIGNMENT = 8

/** A message ready to be sent. */
export class EncodedBody {
  /** The pieces of the body in order; tensors are views of the caller's memory. */
  readonly parts: readonly Uint8Array[]
  readonly byteLength: number
  /** What the header `Inference-Header-Content-Length` must say; undefined when there is no binary part. */
  readonly headerLength: number | undefined

  constructor(json: string, binary: readonly Uint8Array[]) {
    const hasBinary = binary.length > 0
    const header = utf8(json)
    const padding = hasBinary ? (ALIGNMENT - (header.byteLength % ALIGNMENT)) % ALIGNMENT : 0
    this.parts = [padding === 0 ? header : utf8(json + ' '.repeat(padding)), ...binary]
    this.headerLength = hasBinary ? header.byteLength + padding : undefined
    this.byteLength = this.parts.reduce((length, part) => length + part.byteLength, 0)
  }

  /** The media type of the body. */
  get contentType(): string {
    return this.headerLength === undefined ? JSON_CONTENT_TYPE : BINARY_CONTENT_TYPE
  }

  /** The whole body in one piece, copied anew at each call when there is more than one part. */
  get body(): Uint8Array {
    const [first, ...rest] = this.parts
    if (first !== undefined && rest.length === 0) return first
    const body = new Uint8Array(this.byteLength)
    let offset = 0
    for (const part of this.parts) {
      body.set(part, offset)
      offset += part.byteLength
    }
    return body
  }
}

/**
 * The value of the header `Inference-Header-Content-Length`; undefined when the header is absent.
 *
 * @throws {ProtocolError} `HEADER_LENGTH_INVALID` for anything but decimal digits.
 */
export function parseHeaderLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(value))
    throw new ProtocolError('HEADER_LENGTH_INVALID', { bodyBytes: undefined })
  return Number(value)
}

/** A body's JSON text and a reader of its binary data. */
export interface SplitBody {
  readonly json: string
  readonly binary: BinaryPart
}

/**
 * Splits a body into its parts.
 *
 * @param field - names the JSON part in errors.
 * @param headerLength - the bytes of the JSON part; all of the body when undefined.
 * @throws {ProtocolError} `HEADER_LENGTH_INVALID`; {MalformedError} `TOO_LONG`, `NOT_UTF8`.
 */
export function splitBody(
  field: string,
  body: Uint8Array,
  headerLength: number | undefined,
  limits: ProtocolLimits,
): SplitBody {
  const length = headerLength ?? body.byteLength
  if (!Number.isSafeInteger(length) || length < 0 || length > body.byteLength) {
    throw new ProtocolError('HEADER_LENGTH_INVALID', { bodyBytes: body.byteLength })
  }
  if (length > limits.maxJsonBytes) throw new MalformedError('TOO_LONG', { field, length, limit: limits.maxJsonBytes })
  return { json: fromUtf8(field, body.subarray(0, length)), binary: new BinaryPart(body.subarray(length)) }
}

/** The bytes after the JSON part, handed out in order as views. */
export class BinaryPart {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    // Never a Buffer, whose slice shares memory where that of Uint8Array copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** @throws {MalformedError} `TRUNCATED` when fewer are left. */
  take(field: string, length: number): Uint8Array {
    const available = this.#bytes.byteLength - this.#at
    if (length > available) throw new MalformedError('TRUNCATED', { field, needed: length, available })
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** @throws {MalformedError} `TRAILING_BYTES` when something is left. */
  end(): void {
    const count = this.#bytes.byteLength - this.#at
    if (count !== 0) throw new MalformedError('TRAILING_BYTES', { field: 'binary data', count })
  }
}
