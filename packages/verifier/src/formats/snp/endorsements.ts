import { MalformedError } from '@blindai/core'
import { ObjectReader } from '../../json/object-reader.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { type Crl, parseCrl } from '../../x509/crl.ts'
import { type NonEmpty, parsePemCertificates } from '../../x509/pem.ts'
import type { EndorsementKeyKind } from './endorsement-key.ts'

const MAX_CERTIFICATE_BYTES = 16_384
const MAX_CHAIN_TEXT = 65_536
const MAX_CERTIFICATES = 4
const MAX_CRL_BYTES = 1_048_576

/** Endorsements of a report, parsed and not yet believed. */
export interface ParsedSnpEndorsements {
  readonly kind: EndorsementKeyKind
  /** Lowest first: the endorsement key, its authority, the root. */
  readonly chain: NonEmpty<Certificate>
  readonly crl: Crl | undefined
}

/**
 * Parses endorsements as `SnpEndorsements` of core carries them.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of the parts.
 */
export function parseSnpEndorsements(value: unknown): ParsedSnpEndorsements {
  const r = new ObjectReader('endorsements', value)
  r.word('type', ['snp'])
  if (r.has('vcek') && r.has('vlek')) {
    throw new MalformedError('WRONG_VALUE', { field: 'endorsements', expected: 'with either vcek or vlek, not both' })
  }
  const kind = r.has('vlek') ? 'VLEK' : 'VCEK'
  const leaf = parseCertificate(kind, r.bytes(kind === 'VLEK' ? 'vlek' : 'vcek', { most: MAX_CERTIFICATE_BYTES }))
  const name = chainName(kind)
  const ders = parsePemCertificates(name, r.string('chain', MAX_CHAIN_TEXT), MAX_CERTIFICATES)
  const authorities = ders.map((der, i) => parseCertificate(`${name}[${i + 1}]`, der))
  const crl = r.has('crl') ? parseCrl('ARK CRL', r.bytes('crl', { most: MAX_CRL_BYTES })) : undefined
  r.end()
  return { kind, chain: [leaf, ...authorities], crl }
}

/** Names the chain of a kind of key in errors. */
export function chainName(kind: EndorsementKeyKind): string {
  return `${kind} chain`
}
