import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '@blindai/core'
import { type AuthorityKeys, type Certificates, pemChain } from './chain.ts'
import { type AuthorityChanges, apply } from './changes.ts'
import { rawPublicKey, signRaw } from './keys.ts'
import * as platform from './platform.ts'
import { type SignatureData, writeQeReport } from './quote.ts'
import type { QeTcb } from './tcb.ts'

/** What a quoting enclave puts behind header and body: its signature over them, and what vouches for its key. */
export function signQuote(
  keys: AuthorityKeys,
  certificates: Certificates,
  qe: QeTcb,
  signedPart: Uint8Array,
  changes: AuthorityChanges,
): SignatureData {
  const attestationKey = rawPublicKey(keys.attestation)
  const qeAuthenticationData = Uint8Array.from({ length: 32 }, (_, index) => index)
  const qeReport = writeQeReport(
    apply(changes.qeReport, {
      cpuSvn: new Uint8Array(platform.SGX_TCB_COMPONENTS),
      miscSelect: 0,
      attributes: platform.QE_ATTRIBUTES,
      mrEnclave: platform.QE_MR_ENCLAVE,
      mrSigner: qe.mrSigner,
      isvProdId: qe.isvProdId,
      isvSvn: qe.isvSvn,
      reportData: concatBytes(sha256(concatBytes(attestationKey, qeAuthenticationData)), new Uint8Array(32)),
    }),
  )
  return apply(changes.signatureData, {
    quoteSignature: signRaw(keys.attestation, signedPart),
    attestationKey,
    qeReport,
    qeReportSignature: signRaw(keys.pck, qeReport),
    qeAuthenticationData,
    pckChain: utf8(`${pemChain(certificates.pck, certificates.platformCa, certificates.root)}\0`),
    outerType: 6,
    innerType: 5,
  })
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
