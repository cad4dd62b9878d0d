import { readPckPlatform } from '../../packages/verifier/src/dcap/pck-extension.ts'
import { certificateWith, extensionIn } from '../engine/extension.ts'
import { inPem } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** Source: Intel SGX PCK Certificate and Certificate Revocation List Profile, section 1.3.5. */
const SGX_EXTENSIONS = '1.2.840.113741.1.13.1'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/dcap/pck-extension.ts', 'packages/verifier/src/x509/der-values.ts'],
  seeds: [extensionIn(inPem('vectors/attestation/{tdx,sgx}/*.quote.bin'), SGX_EXTENSIONS)],
  parse: (bytes) => readPckPlatform(certificateWith(SGX_EXTENSIONS, bytes)),
  refuses: { VerifierError: ['EXTENSION_MISSING', 'DUPLICATE_EXTENSION', 'NOT_DER', 'UNSUPPORTED_VALUE'] },
}
