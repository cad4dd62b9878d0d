import type { DcapEndorsements } from '@blindai/core'
import { fromBase64Url, toHex } from '@blindai/core'
import { QuoteVerifier } from '@phala/dcap-qvl'

/** What a verifier says of evidence alone: a status of its TCB, or why it refuses to say one. */
export type Verdict =
  | { readonly accepted: true; readonly status: string; readonly advisoryIds: readonly string[] }
  | { readonly accepted: false; readonly reason: string }

/** A quote with its collateral at a time. */
export interface Input {
  readonly name: string
  readonly format: 'tdx' | 'sgx' | 'simulated' | 'simulated-sgx'
  readonly quote: Uint8Array
  readonly endorsements: DcapEndorsements
  readonly now: number
  /** DER of the root to trust; the vendor's when absent. */
  readonly root?: Uint8Array
}

/**
 * The verdict of `@phala/dcap-qvl`. It takes the texts that were signed apart from their signatures, so they are cut out of
 * what the service sent; what cannot be cut is given whole.
 */
export function judgeByOther({ quote, endorsements, now, root }: Input): Verdict {
  const verifier = root === undefined ? QuoteVerifier.newProd() : QuoteVerifier.newWithRootCa(Buffer.from(root))
  const tcbInfo = cut(endorsements.tcbInfo, 'tcbInfo')
  const qeIdentity = cut(endorsements.qeIdentity, 'enclaveIdentity')
  try {
    const { status, advisory_ids } = verifier.verify(
      quote,
      {
        pck_crl_issuer_chain: endorsements.pckCrlIssuerChain,
        root_ca_crl: toHex(fromBase64Url('CRL', endorsements.rootCaCrl)),
        pck_crl: toHex(fromBase64Url('CRL', endorsements.pckCrl)),
        tcb_info_issuer_chain: endorsements.tcbInfoIssuerChain,
        tcb_info: tcbInfo.text,
        tcb_info_signature: tcbInfo.signature,
        qe_identity_issuer_chain: endorsements.qeIdentityIssuerChain,
        qe_identity: qeIdentity.text,
        qe_identity_signature: qeIdentity.signature,
      },
      now,
    )
    return { accepted: true, status, advisoryIds: advisory_ids }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { accepted: false, reason: message.replace(/[:(].*$/s, '').trim() }
  }
}

function cut(served: string, member: string): { readonly text: string; readonly signature: string } {
  const parts = new RegExp(`^\\{"${member}":(.*),"signature":"([0-9a-fA-F]*)"\\}$`, 's').exec(served.trim())
  return { text: parts?.[1] ?? served, signature: parts?.[2] ?? '' }
}
