import { fromUtf8, type UnixSeconds, unixSeconds } from '@blindai/core'
import { parseChain } from '../dcap/endorsements.ts'
import { readQeIdentity } from '../dcap/qe-identity.ts'
import { parseSignedText } from '../dcap/signed-text.ts'
import { readTcbInfo } from '../dcap/tcb-info.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { parseCrl } from '../x509/crl.ts'

/** A part of endorsements, as a service hands it out. */
export type EndorsementPart = 'certificate' | 'certificate-chain' | 'revocation-list' | 'tcb-info' | 'qe-identity'

/** What a part says of itself. Nobody has checked a signature. */
export interface EndorsementFacts {
  /** The whole part is valid from the latest beginning to the earliest end of what is in it. */
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** What a signed document is for: `TDX`, `SGX`, `TD_QE`, `QE`. */
  readonly id?: string
  /** Of TCB info, 6 bytes, lower-case hex. */
  readonly fmspc?: string
  /** Of a single certificate: the common name of its issuer. */
  readonly issuer?: string
}

/**
 * Reads what a part of endorsements says of itself, with the verifier's own parsers: what this accepts has the form that
 * the verifier accepts. It judges nothing.
 *
 * @param name - names the part in errors.
 * @param bytes - DER of a certificate or list, PEM of a chain, the exact text of a signed document.
 * @throws {MalformedError} and {VerifierError} with the codes of the parts.
 */
export function readEndorsement(part: EndorsementPart, name: string, bytes: Uint8Array): EndorsementFacts {
  switch (part) {
    case 'certificate': {
      const certificate = parseCertificate(name, bytes)
      return { ...windowOf([certificate]), issuer: certificate.issuer.commonName }
    }
    case 'certificate-chain':
      return windowOf(parseChain(name, fromUtf8(name, bytes)))
    case 'revocation-list': {
      const { thisUpdate, nextUpdate } = parseCrl(name, bytes)
      return { notBefore: thisUpdate, notAfter: nextUpdate }
    }
    case 'tcb-info': {
      const { id, fmspc, issueDate, nextUpdate } = readTcbInfo(parseSignedText('tcbInfo', fromUtf8(name, bytes)).value)
      return { notBefore: issueDate, notAfter: nextUpdate, id, fmspc }
    }
    case 'qe-identity': {
      const { id, issueDate, nextUpdate } = readQeIdentity(
        parseSignedText('enclaveIdentity', fromUtf8(name, bytes)).value,
      )
      return { notBefore: issueDate, notAfter: nextUpdate, id }
    }
    default:
      return part satisfies never
  }
}

function windowOf(certificates: readonly Certificate[]): EndorsementFacts {
  return {
    notBefore: unixSeconds(Math.max(...certificates.map((certificate) => certificate.notBefore))),
    notAfter: unixSeconds(Math.min(...certificates.map((certificate) => certificate.notAfter))),
  }
}
