import { ObjectReader } from '../../json/object-reader.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { type NonEmpty, parsePemCertificates } from '../../x509/pem.ts'

const MAX_CERTIFICATE_BYTES = 16_384
const MAX_CHAIN_TEXT = 65_536
const MAX_AUTHORITIES = 5

/** A certificate of one of a TPM's keys, lowest first, with its issuers up to the one that somebody has to pin. */
export type TpmChain = NonEmpty<Certificate>

/** Endorsements of a TPM, parsed and not yet believed. */
export interface ParsedTpmEndorsements {
  readonly ak: TpmChain | undefined
  readonly ek: TpmChain | undefined
}

/**
 * Parses endorsements as `TpmEndorsements` of core carries them.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of the parts.
 */
export function parseTpmEndorsements(value: unknown): ParsedTpmEndorsements {
  const r = new ObjectReader('endorsements', value)
  r.word('type', ['tpm'])
  const endorsements = {
    ak: readChain(r, 'AK', 'akCertificate', 'akChain'),
    ek: readChain(r, 'EK', 'ekCertificate', 'ekChain'),
  }
  r.end()
  return endorsements
}

/** A certificate and its chain are there together, or neither is. */
function readChain(r: ObjectReader, name: string, leafMember: string, chainMember: string): TpmChain | undefined {
  if (!r.has(leafMember) && !r.has(chainMember)) return undefined
  const leaf = parseCertificate(`${name} certificate`, r.bytes(leafMember, { most: MAX_CERTIFICATE_BYTES }), 'tpm')
  const ders = parsePemCertificates(`${name} chain`, r.string(chainMember, MAX_CHAIN_TEXT), MAX_AUTHORITIES)
  const authorities = ders.map((der, i) => parseCertificate(`${name} chain[${i}]`, der, 'tpm'))
  return [leaf, ...authorities]
}
