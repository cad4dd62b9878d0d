import { parseOpaqueData } from '../../packages/verifier/src/formats/nvidia/opaque-data.ts'
import { files, type Seed } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** Request, head of the answer, 64 measurements, nonce and a length come before it; a signature after it. */
const BEFORE = 37 + 8 + 64 * 55 + 32 + 2
const AFTER = 96

/** The opaque data inside real reports. */
function opaqueIn({ glob, take }: Seed): Seed {
  return { glob, take: (file) => take(file).map((report) => report.slice(BEFORE, report.byteLength - AFTER)) }
}

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/nvidia/opaque-data.ts'],
  seeds: [opaqueIn(files('vectors/attestation/nvidia/*.report.bin'))],
  // A report has no longer one.
  maxBytes: 1024,
  parse: parseOpaqueData,
  refuses: {
    MalformedError: [
      ...['TRUNCATED', 'DUPLICATE_MEMBER', 'MISSING_MEMBER', 'WRONG_LENGTH', 'TOO_LONG', 'WRONG_VALUE', 'NOT_UTF8'],
    ],
    VerifierError: ['UNSUPPORTED_VALUE'],
  },
}
