import { ObjectReader } from '../json/object-reader.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { type NonEmpty, parsePemCertificates } from '../x509/pem.ts'
import { type QeIdentity, readQeIdentity } from './qe-identity.ts'
import { parseSignedText, type SignedText } from './signed-text.ts'
import { readTcbInfo, type TcbInfo } from './tcb-info.ts'

const MAX_CHAIN_TEXT = 65_536
const MAX_CRL_BYTES = 1_048_576
/** Real ones have up to about 20,000. */
const MAX_SIGNED_TEXT = 262_144
const MAX_CERTIFICATES = 8

/** Endorsements of a DCAP platform, parsed and not yet believed. */
export interface ParsedDcapEndorsements {
  /** Chains are lowest first. */
  readonly pckCrlIssuerChain: readonly Certificate[]
  readonly rootCaCrl: Crl
  readonly pckCrl: Crl
  readonly tcbInfoIssuerChain: readonly Certificate[]
  readonly tcbInfo: TcbInfo
  readonly tcbInfoText: SignedText
  readonly qeIdentityIssuerChain: readonly Certificate[]
  readonly qeIdentity: QeIdentity
  readonly qeIdentityText: SignedText
}

/**
 * Parses endorsements as `DcapEndorsements` of core carries them.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of the parts.
 */
export function parseDcapEndorsements(value: unknown): ParsedDcapEndorsements {
  const r = new ObjectReader('endorsements', value)
  r.word('type', ['dcap'])
  const tcbInfoText = parseSignedText('tcbInfo', r.string('tcbInfo', MAX_SIGNED_TEXT))
  const qeIdentityText = parseSignedText('enclaveIdentity', r.string('qeIdentity', MAX_SIGNED_TEXT))
  const endorsements = {
    pckCrlIssuerChain: readChain(r, 'pckCrlIssuerChain', 'PCK CRL issuer chain'),
    rootCaCrl: readCrl(r, 'rootCaCrl', 'root CRL'),
    pckCrl: readCrl(r, 'pckCrl', 'PCK CRL'),
    tcbInfoIssuerChain: readChain(r, 'tcbInfoIssuerChain', 'TCB info issuer chain'),
    tcbInfo: readTcbInfo(tcbInfoText.value),
    tcbInfoText,
    qeIdentityIssuerChain: readChain(r, 'qeIdentityIssuerChain', 'QE identity issuer chain'),
    qeIdentity: readQeIdentity(qeIdentityText.value),
    qeIdentityText,
  }
  r.end()
  return endorsements
}

/** Certificates of a PEM text; each is named by the chain and its position in errors. */
export function parseChain(name: string, pem: string): NonEmpty<Certificate> {
  const [first, ...rest] = parsePemCertificates(name, pem, MAX_CERTIFICATES)
  return [parseCertificate(`${name}[0]`, first), ...rest.map((der, i) => parseCertificate(`${name}[${i + 1}]`, der))]
}

function readChain(r: ObjectReader, member: string, name: string): readonly Certificate[] {
  return parseChain(name, r.string(member, MAX_CHAIN_TEXT))
}

function readCrl(r: ObjectReader, member: string, name: string): Crl {
  return parseCrl(name, r.bytes(member, { most: MAX_CRL_BYTES }))
}
