import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBoolean, readNamedBits, readOctets, readOid, readSmallInteger } from './der-values.ts'

/** Object identifiers of extensions. Source: RFC 5280 section 4.2. */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
}

/** An extension whose value nobody read yet. */
export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** Bit numbers of KeyUsage. Source: RFC 5280 section 4.2.1.3. */
export const KEY_USAGE = { digitalSignature: 0, keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 }

/** What a certificate or a revocation list says beyond its fixed fields. */
export type Extensions = ReadonlyMap<string, Extension>

/**
 * Extensions by object identifier. Source: RFC 5280 sections 4.1 and 5.1.2.7.
 *
 * @throws {VerifierError} `DUPLICATE_EXTENSION`, `NOT_DER`.
 */
export function readExtensions(list: DerReader): Extensions {
  const extensions = new Map<string, Extension>()
  do {
    const item = list.enter(TAG.sequence, 'extension')
    const oid = readOid(item, 'identifier')
    // DER leaves out DEFAULT FALSE; some issuers write it all the same, and it means the same.
    const critical = item.nextTag === TAG.boolean ? readBoolean(item, 'critical') : false
    const value = readOctets(item, 'value')
    item.end()
    if (extensions.has(oid)) throw new VerifierError('DUPLICATE_EXTENSION', { field: list.field, oid })
    extensions.set(oid, { critical, value })
  } while (!list.done)
  return extensions
}

/** Refuses critical extensions that nobody here understands. @throws {VerifierError} `CRITICAL_EXTENSION_UNKNOWN`. */
export function refuseUnknownCritical(field: string, extensions: Extensions, known: readonly string[]): void {
  for (const [oid, extension] of extensions) {
    if (extension.critical && !known.includes(oid))
      throw new VerifierError('CRITICAL_EXTENSION_UNKNOWN', { field, oid })
  }
}

/** Source: RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean
  /** The most authorities below this one; undefined is no limit. */
  readonly pathLength?: number
}

export function parseBasicConstraints(field: string, value: Uint8Array): BasicConstraints {
  const outer = new DerReader(`${field} basicConstraints`, value)
  const sequence = outer.enter(TAG.sequence, 'value')
  outer.end()
  const ca = sequence.nextTag === TAG.boolean ? readBoolean(sequence, 'cA') : false
  if (sequence.done) return { ca }
  const pathLength = readSmallInteger(sequence, 'pathLenConstraint')
  sequence.end()
  return { ca, pathLength }
}

export function parseKeyUsage(field: string, value: Uint8Array): ReadonlySet<number> {
  const outer = new DerReader(`${field} keyUsage`, value)
  // AMD's authorities write trailing zero bits, which DER would cut off; they mean the same.
  const bits = readNamedBits(outer, 'value', 'trailing zeros')
  outer.end()
  return bits
}

/** Lower-case hex of the identifier. Source: RFC 5280 section 4.2.1.2. */
export function parseSubjectKeyIdentifier(field: string, value: Uint8Array): string {
  const outer = new DerReader(`${field} subjectKeyIdentifier`, value)
  const identifier = readOctets(outer, 'value')
  outer.end()
  return toHex(identifier)
}

/** Lower-case hex of `keyIdentifier`, if there is one. Source: RFC 5280 section 4.2.1.1. */
export function parseAuthorityKeyIdentifier(field: string, value: Uint8Array): string | undefined {
  const outer = new DerReader(`${field} authorityKeyIdentifier`, value)
  const sequence = outer.enter(TAG.sequence, 'value')
  outer.end()
  const identifier = sequence.optional(TAG.contextPrimitive(0), 'keyIdentifier')
  while (!sequence.done) sequence.any('authority name or serial')
  return identifier && toHex(identifier.content)
}
