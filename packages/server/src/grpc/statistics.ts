import { encodeGrpcModelStatistics } from '@blindai/protocol'
import type { VersionStatistics } from '../inference/index.ts'

/** What HTTP says of models, as a message. Requests that share a run keep their own size, and count one execution. */
export function encodeStatistics(versions: readonly VersionStatistics[]): Uint8Array {
  return encodeGrpcModelStatistics(
    versions.map(({ lastInference, executions, ...version }) => ({
      ...version,
      lastInferenceMs: 1000 * lastInference,
      inferenceCount: version.success.count,
      executionCount: executions,
      batches: version.computeInfer.count === 0 ? [] : [{ batchSize: 1, ...version }],
    })),
  )
}
