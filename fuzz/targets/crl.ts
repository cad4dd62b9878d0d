import { parseCrl } from '../../packages/verifier/src/x509/crl.ts'
import { files, inPem } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/x509/crl.ts',
    'packages/verifier/src/x509/der-reader.ts',
    'packages/verifier/src/x509/der-values.ts',
    'packages/verifier/src/x509/extensions.ts',
  ],
  seeds: [files('vectors/attestation/{tdx,sgx}/*crl*.der'), inPem('vectors/attestation/snp/*crl.pem')],
  parse: (bytes) => parseCrl('fuzz', bytes),
  refuses: {
    MalformedError: ['NOT_UTF8', 'WRONG_VALUE'],
    VerifierError: [
      ...['NOT_DER', 'UNSUPPORTED_ALGORITHM', 'UNSUPPORTED_VALUE', 'DUPLICATE_EXTENSION', 'CRITICAL_EXTENSION_UNKNOWN'],
      'UNKNOWN_VERSION',
    ],
  },
}
