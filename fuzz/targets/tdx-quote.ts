import { parseTdxQuote } from '../../packages/verifier/src/formats/tdx/quote.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/tdx/quote.ts',
    'packages/verifier/src/formats/tdx/td-report.ts',
    'packages/verifier/src/dcap/quote-signature.ts',
    'packages/verifier/src/dcap/enclave-report.ts',
  ],
  seeds: [
    files('vectors/attestation/tdx/*.quote.bin'),
    inJson('vectors/attestation/simulated/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: parseTdxQuote,
  refuses: {
    MalformedError: ['TOO_LONG', 'TRUNCATED', 'TRAILING_BYTES', 'WRONG_LENGTH'],
    VerifierError: ['UNKNOWN_VERSION', 'UNSUPPORTED_VALUE', 'RESERVED_NOT_ZERO'],
  },
}
