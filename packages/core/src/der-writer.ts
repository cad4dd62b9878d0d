import { concatBytes, toBase64Url, utf8 } from './bytes.ts'
import { formatUnixSeconds, type UnixSeconds } from './time.ts'

/**
 * Writes ASN.1 values in DER, each function one type. The caller nests them; nothing here knows a certificate.
 *
 * Source: X.690 (02/2021) sections 8, 10 and 11. It promises well-formed DER of what it is given, not that the value makes
 * sense.
 */

const CONSTRUCTED = 0x20
const CONTEXT = 0x80

/** One value: a tag octet and its content. Source: X.690 section 8.1, lengths by 10.1. */
function tagged(tag: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concatBytes(...content)
  return concatBytes(new Uint8Array([tag]), lengthOctets(body.byteLength), body)
}

/** The shortest definite form. */
function lengthOctets(length: number): Uint8Array<ArrayBuffer> {
  if (length < 0x80) return new Uint8Array([length])
  const octets: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256)
  return new Uint8Array([0x80 | octets.length, ...octets])
}

export function derSequence(...items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x30, ...items)
}

/** SET OF: items are put in the order that DER wants. Source: X.690 section 11.6. */
export function derSetOf(...items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(0x31, ...[...items].sort(byOctets))
}

function byOctets(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function derBoolean(value: boolean): Uint8Array<ArrayBuffer> {
  return tagged(0x01, new Uint8Array([value ? 0xff : 0]))
}

/** INTEGER of a number of 0 or more. @throws {RangeError} for another. */
export function derInteger(value: number | bigint): Uint8Array<ArrayBuffer> {
  return derUnsigned(unsignedOctets(value))
}

/** INTEGER of an unsigned big-endian number: a serial, a coordinate. Leading zeros are dropped. */
export function derUnsigned(bigEndian: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x02, positive(bigEndian))
}

/** ENUMERATED of a number of 0 or more. @throws {RangeError} for another. */
export function derEnumerated(value: number): Uint8Array<ArrayBuffer> {
  return tagged(0x0a, positive(unsignedOctets(value)))
}

function unsignedOctets(value: number | bigint): Uint8Array {
  if (value < 0 || (typeof value === 'number' && !Number.isSafeInteger(value))) {
    throw new RangeError(`not a whole number of 0 or more: ${value}`)
  }
  const octets: number[] = []
  for (let left = BigInt(value); left > 0n; left >>= 8n) octets.unshift(Number(left & 0xffn))
  return new Uint8Array(octets)
}

/** The shortest two's complement form of a number that is not negative. Source: X.690 section 8.3. */
function positive(bigEndian: Uint8Array): Uint8Array {
  const start = bigEndian.findIndex((octet) => octet !== 0)
  if (start < 0) return new Uint8Array([0])
  const trimmed = bigEndian.subarray(start)
  return (trimmed[0] ?? 0) < 0x80 ? trimmed : concatBytes(new Uint8Array([0]), trimmed)
}

/** BIT STRING whose last octet has `unusedBits` zero bits at its end. */
export function derBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(unusedBits) || unusedBits < 0 || unusedBits > 7 || (unusedBits > 0 && bytes.length === 0)) {
    throw new RangeError(`a bit string of ${bytes.length} bytes cannot have ${unusedBits} unused bits`)
  }
  return tagged(0x03, new Uint8Array([unusedBits]), bytes)
}

/** BIT STRING of named bits, without trailing zeros. Source: X.690 section 11.2.2. */
export function derNamedBits(...bits: readonly number[]): Uint8Array<ArrayBuffer> {
  const last = Math.max(-1, ...bits)
  const octets = new Uint8Array(Math.floor(last / 8) + 1)
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return derBitString(octets, last < 0 ? 0 : 7 - (last % 8))
}

export function derOctetString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(0x04, bytes)
}

export function derNull(): Uint8Array<ArrayBuffer> {
  return tagged(0x05)
}

/** OBJECT IDENTIFIER of its dotted form, arcs below 2^53. Source: X.690 section 8.19. @throws {RangeError}. */
export function derOid(dotted: string): Uint8Array<ArrayBuffer> {
  const [first, second, ...rest] = dotted.split('.').map((arc) => {
    if (!/^(?:0|[1-9][0-9]{0,14})$/.test(arc)) throw new RangeError(`not an object identifier: ${dotted}`)
    return Number(arc)
  })
  if (first === undefined || second === undefined || first > 2 || (first < 2 && second > 39)) {
    throw new RangeError(`not an object identifier: ${dotted}`)
  }
  return tagged(0x06, ...[40 * first + second, ...rest].map(base128))
}

function base128(arc: number): Uint8Array {
  const octets = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left % 128))
  return new Uint8Array(octets)
}

export function derUtf8String(text: string): Uint8Array<ArrayBuffer> {
  return tagged(0x0c, utf8(text))
}

/** @throws {RangeError} for a character outside the alphabet. Source: X.680 section 41.4. */
export function derPrintableString(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)) throw new RangeError('text is not a PrintableString')
  return tagged(0x13, utf8(text))
}

/** UTCTime until 2049, GeneralizedTime after. Source: RFC 5280 section 4.1.2.5. */
export function derTime(time: UnixSeconds): Uint8Array<ArrayBuffer> {
  const digits = formatUnixSeconds(time).replace(/[-:T]/g, '')
  const year = Number(digits.slice(0, 4))
  return year < 2050 ? tagged(0x17, utf8(digits.slice(2))) : tagged(0x18, utf8(digits))
}

/** GeneralizedTime in any year, as OCSP writes it. Source: RFC 6960 section 4.2.1. */
export function derGeneralizedTime(time: UnixSeconds): Uint8Array<ArrayBuffer> {
  return tagged(0x18, utf8(formatUnixSeconds(time).replace(/[-:T]/g, '')))
}

/** A value inside a context-specific tag: `[n] EXPLICIT`, or the implicit form of a constructed type's content. */
export function derExplicit(number: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tagged(CONTEXT | CONSTRUCTED | contextNumber(number), ...content)
}

/** The content octets of a primitive type under a context-specific tag: `[n] IMPLICIT`. */
export function derImplicit(number: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(CONTEXT | contextNumber(number), content)
}

function contextNumber(number: number): number {
  if (!Number.isInteger(number) || number < 0 || number > 30) throw new RangeError(`not a short tag number: ${number}`)
  return number
}

/** The textual form of DER: 64 characters a line, a newline at the end. Source: RFC 7468 section 3. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = toBase64Url(der).replaceAll('-', '+').replaceAll('_', '/')
  const padded = base64.padEnd(4 * Math.ceil(der.length / 3), '=')
  return [`-----BEGIN ${label}-----`, ...(padded.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, ''].join('\n')
}
