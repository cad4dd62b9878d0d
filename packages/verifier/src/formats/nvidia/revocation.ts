import type { UnixSeconds } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { isAbout, namesOcspResponder, type OcspResponse, verifyOcspResponse } from '../../x509/ocsp.ts'

/**
 * Asks the responses about every certificate whose issuer names a responder: NVIDIA names one for its authorities and for the
 * signers of manifests, and none for what a GPU makes itself. A response that is about no certificate here is refused: what
 * nobody reads would look like a proof.
 *
 * @param chains - lowest first, verified.
 * @returns the first certificate that no response is about; undefined when there is none.
 * @throws {VerifierError} `OCSP_RESPONSE_UNMATCHED`, and the codes of `verifyOcspResponse`.
 */
export async function verifyRevocation(
  chains: readonly (readonly Certificate[])[],
  responses: readonly OcspResponse[],
  now: UnixSeconds,
): Promise<Certificate | undefined> {
  const used = new Set<OcspResponse>()
  let unknown: Certificate | undefined
  for (const chain of chains) {
    for (const [position, certificate] of chain.entries()) {
      const issuer = chain[position + 1]
      if (issuer === undefined || !namesOcspResponder(certificate)) continue
      const about: OcspResponse[] = []
      for (const response of responses) if (await isAbout(response, certificate, issuer)) about.push(response)
      for (const response of about) {
        await verifyOcspResponse(response, certificate, issuer, now)
        used.add(response)
      }
      if (about.length === 0) unknown ??= certificate
    }
  }
  const unmatched = responses.find((response) => !used.has(response))
  if (unmatched === undefined) return unknown
  throw new VerifierError('OCSP_RESPONSE_UNMATCHED', { response: unmatched.field, serial: unmatched.serial })
}
