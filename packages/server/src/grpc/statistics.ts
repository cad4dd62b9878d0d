import { encodeGrpcModelStatistics } from '@blindai/protocol'
import type { VersionStatistics } from '../inference/index.ts'

/** What HTTP says of models, as a message. Requests are not joined to batches that a client could see. */
export function encodeStatistics(versions: readonly VersionStatistics[]): Uint8Array {
  return encodeGrpcModelStatistics(
    versions.map(({ lastInference, ...version }) => ({
      ...version,
      lastInferenceMs: 1000 * lastInference,
      inferenceCount: version.success.count,
      executionCount: version.success.count,
      batches: version.computeInfer.count === 0 ? [] : [{ batchSize: 1, ...version }],
    })),
  )
}
