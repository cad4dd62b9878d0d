import { parseHclReport } from '../../packages/verifier/src/formats/azure-hcl/hcl-report.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: ['packages/verifier/src/formats/azure-hcl/hcl-report.ts'],
  seeds: [
    files('vectors/attestation/azure-hcl/*.bin'),
    inJson('vectors/attestation/azure-hcl/azure-*-evidence*.json', 'hcl_report', 'base64url'),
  ],
  parse: parseHclReport,
  refuses: {
    MalformedError: ['TOO_LONG', 'TRUNCATED', 'TRAILING_BYTES', 'WRONG_LENGTH'],
    VerifierError: ['UNKNOWN_VERSION', 'UNSUPPORTED_VALUE', 'RESERVED_NOT_ZERO'],
  },
}
