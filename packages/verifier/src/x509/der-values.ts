import { fromUtf8, type UnixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { civilToUnixSeconds } from '../time.ts'
import { type DerElement, type DerReader, TAG } from './der-reader.ts'

/** The largest INTEGER that is read as a number. */
const MOST_SMALL_INTEGER = 0x7fff_ffff

/** BOOLEAN. Source: X.690 section 11.1: false is 00, true is FF. */
export function readBoolean(reader: DerReader, what: string): boolean {
  const element = reader.element(TAG.boolean, what)
  const [octet, ...more] = element.content
  if (more.length > 0 || (octet !== 0 && octet !== 0xff)) throw notDer(reader, element, `${what} 00 or FF`)
  return octet === 0xff
}

/** NULL. Source: X.690 section 8.8: without content. */
export function readNull(reader: DerReader, what: string): void {
  reader.inside(reader.element(TAG.null, what), what).end()
}

/** INTEGER that is not negative and below 2^31. */
export function readSmallInteger(reader: DerReader, what: string, tag: number = TAG.integer): number {
  const { element, octets } = unsigned(reader, what, tag)
  let value = 0
  for (const octet of octets) value = value * 256 + octet
  if (value > MOST_SMALL_INTEGER) throw notDer(reader, element, `${what} below 2^31`)
  return value
}

/**
 * INTEGER that is not negative, as its shortest big-endian octets without the sign octet; zero is one 00.
 *
 * Source: X.690 section 8.3: shortest form.
 */
export function readUnsignedInteger(reader: DerReader, what: string): Uint8Array {
  return unsigned(reader, what, TAG.integer).octets
}

function unsigned(reader: DerReader, what: string, tag: number): { element: DerElement; octets: Uint8Array } {
  const element = reader.element(tag, what)
  const [first, second] = element.content
  if (first === undefined) throw notDer(reader, element, `${what} with content`)
  if (first >= 0x80) throw notDer(reader, element, `${what} that is not negative`)
  if (first === 0 && second !== undefined) {
    if (second < 0x80) throw notDer(reader, element, `${what} in its shortest form`)
    return { element, octets: element.content.subarray(1) }
  }
  return { element, octets: element.content }
}

/** BIT STRING of whole octets. Source: X.690 section 11.2. */
export function readBitString(reader: DerReader, what: string): Uint8Array {
  const element = reader.element(TAG.bitString, what)
  if (element.content[0] !== 0) throw notDer(reader, element, `${what} of whole octets`)
  return element.content.subarray(1)
}

/**
 * BIT STRING with named bits, as the set of numbers of the bits that are one. Source: X.690 section 11.2.2.
 *
 * @param form - `trailing zeros` for a field whose issuers leave them in; BER allows it.
 */
export function readNamedBits(
  reader: DerReader,
  what: string,
  form: 'DER' | 'trailing zeros' = 'DER',
): ReadonlySet<number> {
  const element = reader.element(TAG.bitString, what)
  const [unused, ...octets] = element.content
  const last = octets.at(-1)
  if (unused === undefined || unused > 7 || (last === undefined && unused > 0)) {
    throw notDer(reader, element, `${what} with its number of unused bits`)
  }
  // Trailing zero bits are cut off, so the last bit that is written is a one; those that do not count are zero anyway.
  const tail = (last ?? 0) & ((2 << unused) - 1)
  const lastBit = 1 << unused
  const valid = last === undefined || tail === lastBit || (form === 'trailing zeros' && tail === 0)
  if (!valid) throw notDer(reader, element, `${what} without trailing zero bits`)
  const bits = new Set<number>()
  octets.forEach((octet, i) => {
    for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) bits.add(8 * i + bit)
  })
  return bits
}

/** OCTET STRING; of exactly so many octets when a length is given. */
export function readOctets(reader: DerReader, what: string, length?: number): Uint8Array {
  const element = reader.element(TAG.octetString, what)
  if (length !== undefined && element.content.byteLength !== length) {
    throw notDer(reader, element, `${what} of ${length} bytes`)
  }
  return element.content
}

/** OBJECT IDENTIFIER in dotted form. Source: X.690 section 8.19: shortest form, arcs below 2^31. */
export function readOid(reader: DerReader, what: string): string {
  const element = reader.element(TAG.oid, what)
  const arcs: number[] = []
  let arc = 0
  let atStart = true
  for (const octet of element.content) {
    if (atStart && octet === 0x80) throw notDer(reader, element, `${what} in its shortest form`)
    if (arc > 0xff_ffff) throw notDer(reader, element, `${what} with arcs below 2^31`)
    arc = arc * 128 + (octet & 0x7f)
    atStart = octet < 0x80
    if (!atStart) continue
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40))
      arcs.push(root, arc - 40 * root)
    } else arcs.push(arc)
    arc = 0
  }
  if (!atStart || arcs.length === 0) throw notDer(reader, element, `${what} with whole arcs`)
  return arcs.join('.')
}

/**
 * UTCTime or GeneralizedTime. Source: RFC 5280 section 4.1.2.5: to the second, in UTC, UTCTime through the year 2049.
 *
 * @param form - `any year` for a structure that writes GeneralizedTime for years before 2050 too; `generalized` for one that
 * writes nothing else.
 */
export function readTime(
  reader: DerReader,
  what: string,
  form: 'RFC 5280' | 'any year' | 'generalized' = 'RFC 5280',
): UnixSeconds {
  const element = reader.any(what)
  const digits = element.tag === TAG.utcTime ? 2 : element.tag === TAG.generalizedTime ? 4 : undefined
  const field = `${reader.field} ${what}`
  const expected = `${what} as UTCTime or GeneralizedTime, in UTC and to the second`
  if (digits === undefined) throw notDer(reader, element, expected)
  if (digits === 2 && form === 'generalized') throw notDer(reader, element, `${what} as GeneralizedTime`)
  const parts = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(fromUtf8(field, element.content))
  if (parts?.[1]?.length !== digits) throw notDer(reader, element, expected)
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  const year = digits === 4 ? written : written < 50 ? 2000 + written : 1900 + written
  if (digits === 4 && year < 2050 && form === 'RFC 5280')
    throw notDer(reader, element, `${what} as UTCTime before 2050`)
  return civilToUnixSeconds(field, { year, month, day, hour, minute, second })
}

/** Text of the kinds that names use. */
export function readText(reader: DerReader, what: string): string {
  const element = reader.any(what)
  if (element.tag !== TAG.utf8String && element.tag !== TAG.printableString && element.tag !== TAG.ia5String) {
    throw notDer(reader, element, `${what} as UTF8String, PrintableString or IA5String`)
  }
  return fromUtf8(`${reader.field} ${what}`, element.content)
}

function notDer(reader: DerReader, element: DerElement, expected: string): VerifierError<'NOT_DER'> {
  return new VerifierError('NOT_DER', { field: reader.field, offset: element.contentOffset, expected })
}
