import { parseSgxQuote } from '../../packages/verifier/src/formats/sgx/quote.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/sgx/quote.ts',
    'packages/verifier/src/dcap/quote-signature.ts',
    'packages/verifier/src/dcap/enclave-report.ts',
  ],
  seeds: [
    files('vectors/attestation/sgx/*.quote.bin'),
    inJson('vectors/attestation/simulated-sgx/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: parseSgxQuote,
  refuses: {
    MalformedError: ['TOO_LONG', 'TRUNCATED', 'TRAILING_BYTES'],
    VerifierError: ['UNKNOWN_VERSION', 'UNSUPPORTED_VALUE', 'RESERVED_NOT_ZERO'],
  },
}
