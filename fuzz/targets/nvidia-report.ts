import { parseNvidiaReport } from '../../packages/verifier/src/formats/nvidia/report.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/nvidia/report.ts', 'packages/verifier/src/formats/nvidia/opaque-data.ts'],
  seeds: [
    files('vectors/attestation/nvidia/*.report.bin'),
    inJson('vectors/attestation/simulated-nvidia/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: parseNvidiaReport,
  refuses: {
    MalformedError: [
      ...['TRUNCATED', 'TRAILING_BYTES', 'TOO_LONG', 'DUPLICATE_MEMBER', 'MISSING_MEMBER', 'WRONG_LENGTH'],
      ...['WRONG_VALUE', 'NOT_UTF8'],
    ],
    VerifierError: ['UNSUPPORTED_VALUE'],
  },
}
