import { parseCertificate } from '../../packages/verifier/src/x509/certificate.ts'
import { CERTIFICATE } from '../engine/refusals.ts'
import { files, inPem } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/x509/certificate.ts',
    'packages/verifier/src/x509/der-reader.ts',
    'packages/verifier/src/x509/der-values.ts',
    'packages/verifier/src/x509/extensions.ts',
    'packages/verifier/src/x509/name.ts',
    'packages/verifier/src/x509/algorithms.ts',
  ],
  seeds: [
    files('vectors/attestation/{tdx,sgx}/intel-*.der'),
    files('vectors/attestation/snp/*.{vcek,vlek}.der'),
    inPem('vectors/attestation/{tdx,snp,nitro}/*.pem'),
  ],
  parse: (bytes) => parseCertificate('fuzz', bytes),
  refuses: CERTIFICATE,
}
