import { parseSnpReport } from '../../packages/verifier/src/formats/snp/report.ts'
import { files, inJson } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/snp/report.ts',
    'packages/verifier/src/formats/snp/tcb-version.ts',
    'packages/verifier/src/formats/snp/product.ts',
  ],
  seeds: [
    files('vectors/attestation/snp/*.report.bin'),
    inJson('vectors/attestation/simulated-sev-snp/*.json', 'document.evidence.bytes', 'base64url'),
  ],
  parse: parseSnpReport,
  refuses: {
    MalformedError: ['WRONG_LENGTH'],
    VerifierError: ['UNKNOWN_VERSION', 'UNSUPPORTED_VALUE', 'RESERVED_NOT_ZERO'],
  },
}
