import { parseEventLog } from '../../packages/verifier/src/formats/event-log/event-log.ts'
import { files } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/verifier/src/formats/event-log/event-log.ts',
    'packages/verifier/src/formats/event-log/spec-id.ts',
  ],
  seeds: [files('vectors/attestation/event-logs/*.bin'), files('vectors/measure/*.bin')],
  maxBytes: 131_072,
  // The first register of a confidential machine's log is 1; that of a TPM's is 0.
  parse: (bytes) => parseEventLog(bytes, bytes[0] === 1 ? 'cc' : 'tpm'),
  refuses: {
    MalformedError: ['TOO_LONG', 'TRUNCATED', 'TRAILING_BYTES', 'WRONG_VALUE', 'WRONG_LENGTH'],
    VerifierError: [
      ...['UNKNOWN_VERSION', 'RESERVED_NOT_ZERO', 'EVENT_LOG_TOO_MANY', 'EVENT_LOG_ALGORITHM_REPEATED'],
      ...['EVENT_LOG_HEADER_MISPLACED', 'EVENT_LOG_REGISTER_UNKNOWN', 'EVENT_LOG_DIGESTS_WRONG'],
      'EVENT_LOG_LOCALITY_WRONG',
    ],
  },
}
