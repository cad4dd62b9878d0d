import { MalformedError } from './malformed.ts'

/** Joins a few byte arrays into a new one. What a peer decides the number of is for `joinBytes`: arguments are on the stack. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinBytes(parts)
}

/** Joins a list of byte arrays, however many, into a new one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.byteLength
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.byteLength
  }
  return joined
}

/** True when both hold the same bytes. The time taken depends on the lengths only, never on the contents. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false
  let difference = 0
  for (let i = 0; i < a.byteLength; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/** True when every byte is zero, also for no bytes at all. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** Four bytes, big-endian. @throws {RangeError} when the value does not fit. */
export function u32be(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new RangeError(`not a u32: ${value}`)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, false)
  return bytes
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/**
 * Bytes of hexadecimal text; either case, nothing else.
 *
 * @param field - names the value in the error.
 * @throws {MalformedError} `NOT_HEX`.
 */
export function fromHex(field: string, text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new MalformedError('NOT_HEX', { field, length: text.length })
  }
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** The value of each ASCII character, or -1. */
const BASE64URL_VALUES: Int8Array = Int8Array.from({ length: 128 }, (_, code) =>
  BASE64URL.indexOf(String.fromCharCode(code)),
)

/** Base64url without padding. Source: RFC 4648 section 5. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += BASE64URL.charAt(group >>> 18) + BASE64URL.charAt((group >>> 12) & 63)
    if (left > 1) text += BASE64URL.charAt((group >>> 6) & 63)
    if (left > 2) text += BASE64URL.charAt(group & 63)
  }
  return text
}

/**
 * Bytes of base64url text without padding. Each value has exactly one spelling: unused bits must be zero.
 *
 * Source: RFC 4648 sections 3.5 and 5.
 *
 * @param field - names the value in the error.
 * @throws {MalformedError} `NOT_BASE64URL`.
 */
export function fromBase64Url(field: string, text: string): Uint8Array<ArrayBuffer> {
  const malformed = (): MalformedError => new MalformedError('NOT_BASE64URL', { field, length: text.length })
  if (text.length % 4 === 1) throw malformed()
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let held = 0
  let bits = 0
  let offset = 0
  for (let i = 0; i < text.length; i++) {
    const value = BASE64URL_VALUES[text.charCodeAt(i)] ?? -1
    if (value < 0) throw malformed()
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[offset++] = (held >>> bits) & 0xff
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw malformed()
  return bytes
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/**
 * Text of UTF-8 bytes; a byte order mark is kept as a character.
 *
 * @param field - names the value in the error.
 * @throws {MalformedError} `NOT_UTF8`.
 */
export function fromUtf8(field: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new MalformedError('NOT_UTF8', { field, length: bytes.byteLength }, { cause })
  }
}
