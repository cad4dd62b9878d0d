import { createHash } from 'node:crypto'
import {
  ByteReader,
  type DcapEndorsements,
  type EvidenceSource,
  fromBase64Url,
  fromUtf8,
  MalformedError,
  toPem,
  type UnixSeconds,
} from '@blindai/core'
import { EndorsementCache } from '../attester/endorsement-cache.ts'
import { Lane } from '../attester/lane.ts'
import { cborBytes, cborMap, cborText, cborUnsigned } from './cbor-writer.ts'

/** Evidence as clients of BlindAI 0.6 ask for it, each answer in CBOR. They know SGX only. */
export interface LegacyEvidence {
  readonly quote: Uint8Array
  collateral(): Promise<Uint8Array>
}

const REPORT_DATA_BYTES = 64

/** Of 0.6's structure: the chain of the PCK certificate is in the quote. */
const COLLATERAL_VERSION = 1

/**
 * Collects a quote whose report data is the SHA-256 of a certificate, zero padded; undefined where evidence is not of SGX.
 *
 * @throws {MalformedError} for a quote without a PCK certificate; {TypeError} for endorsements that are not DCAP's; what the
 * source throws.
 */
export async function collectLegacyEvidence(
  source: EvidenceSource,
  certificate: Uint8Array,
  clock: () => UnixSeconds,
): Promise<LegacyEvidence | undefined> {
  if (source.format !== 'sgx' && source.format !== 'simulated-sgx') return undefined
  const reportData = new Uint8Array(REPORT_DATA_BYTES)
  reportData.set(createHash('sha256').update(certificate).digest())
  const { bytes, endorsedUnder } = await source.collect(reportData)
  const [leaf, ...issuers] = certificatesOf(bytes)
  if (leaf === undefined) throw new MalformedError('MISSING_MEMBER', { field: 'quote', member: 'PCK certificate' })
  const cache = new EndorsementCache(source)
  const lane = new Lane()
  return {
    quote: cborBytes(bytes),
    async collateral() {
      const { value: endorsements } = await lane.enter(() => cache.at(clock(), endorsedUnder))
      if (endorsements?.type !== 'dcap') throw new TypeError('evidence of SGX comes with endorsements of DCAP')
      return collateralOf(endorsements, leaf, issuers.join(''))
    },
  }
}

function collateralOf(endorsements: DcapEndorsements, leaf: string, issuers: string): Uint8Array {
  return cborMap({
    version: cborUnsigned(COLLATERAL_VERSION),
    pck_crl_issuer_chain: cborText(endorsements.pckCrlIssuerChain),
    root_ca_crl: cborText(crlPem(endorsements.rootCaCrl)),
    pck_crl: cborText(crlPem(endorsements.pckCrl)),
    tcb_info_issuer_chain: cborText(endorsements.tcbInfoIssuerChain),
    tcb_info: cborText(endorsements.tcbInfo),
    qe_identity_issuer_chain: cborText(endorsements.qeIdentityIssuerChain),
    qe_identity: cborText(endorsements.qeIdentity),
    pck_certificate: cborText(leaf),
    pck_signing_chain: cborText(issuers),
  })
}

function crlPem(base64Url: string): string {
  return toPem('X509 CRL', fromBase64Url('revocation list', base64Url))
}

/**
 * The PEM certificates that a quote carries, the PCK's first.
 *
 * Source: Intel SGX ECDSA Quote Library Reference, appendix A, version 3 of the quote: header and report body (432 bytes),
 * length of the signature data, the fixed part of it (576 bytes), QE authentication data, certification data of type 5.
 */
function certificatesOf(quote: Uint8Array): string[] {
  const reader = new ByteReader('quote', quote)
  reader.bytes(0, 432, 'HEADER_AND_REPORT_BODY')
  reader.u32(432, 'SIGNATURE_DATA_LEN')
  reader.bytes(436, 576, 'SIGNATURES_AND_QE_REPORT')
  const authBytes = reader.u16(1012, 'QE_AUTH_DATA_SIZE')
  reader.bytes(1014, authBytes, 'QE_AUTH_DATA')
  const certification = 1014 + authBytes
  const type = reader.u16(certification, 'CERTIFICATION_DATA_TYPE')
  if (type !== PCK_CHAIN) {
    throw new MalformedError('WRONG_VALUE', {
      field: 'CERTIFICATION_DATA_TYPE',
      expected: 'the chain of a PCK certificate',
    })
  }
  const length = reader.u32(certification + 2, 'CERTIFICATION_DATA_SIZE')
  const text = fromUtf8('CERTIFICATION_DATA', reader.bytes(certification + 6, length, 'CERTIFICATION_DATA'))
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g) ?? []
}

const PCK_CHAIN = 5
