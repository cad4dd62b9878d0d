import { parseOcspResponse } from '../../packages/verifier/src/x509/ocsp.ts'
import { CERTIFICATE } from '../engine/refusals.ts'
import { inJson, type Seed } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

/** Files in base64. */
function inBase64(glob: string): Seed {
  return { glob, take: (file) => [new Uint8Array(Buffer.from(Buffer.from(file).toString('latin1'), 'base64'))] }
}

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/x509/ocsp.ts',
    'packages/verifier/src/x509/der-reader.ts',
    'packages/verifier/src/x509/der-values.ts',
    'packages/verifier/src/x509/certificate.ts',
  ],
  seeds: [
    inBase64('vectors/attestation/nvidia/ocsp-*.b64'),
    inJson(
      'vectors/attestation/simulated-nvidia/{revoked,forged-signature}.json',
      'document.endorsements.ocsp.*',
      'base64url',
    ),
  ],
  parse: (bytes) => parseOcspResponse('fuzz', bytes),
  refuses: joinRefusals(CERTIFICATE, { VerifierError: ['OCSP_NOT_SUCCESSFUL'] }),
}
