import { ProtobufWriter } from './protobuf-writer.ts'

/** How often something happened, and how long it took in all. */
export interface GrpcDuration {
  readonly count: number
  readonly ns: number
}

/** What one version of a model has done. Source: Triton's statistics extension, `ModelStatistics`. */
export interface GrpcModelStatistics {
  readonly name: string
  readonly version: string
  /** Milliseconds since the epoch; 0 for never. */
  readonly lastInferenceMs: number
  readonly inferenceCount: number
  readonly executionCount: number
  readonly success: GrpcDuration
  readonly fail: GrpcDuration
  readonly queue: GrpcDuration
  readonly computeInput: GrpcDuration
  readonly computeInfer: GrpcDuration
  readonly computeOutput: GrpcDuration
  /** The same for each size of the batches that were computed. */
  readonly batches: readonly GrpcBatchStatistics[]
}

/** Source: Triton's statistics extension, `InferBatchStatistics`. */
export interface GrpcBatchStatistics {
  readonly batchSize: number
  readonly computeInput: GrpcDuration
  readonly computeInfer: GrpcDuration
  readonly computeOutput: GrpcDuration
}

/** `ModelStatisticsResponse`. */
export function encodeGrpcModelStatistics(models: readonly GrpcModelStatistics[]): Uint8Array {
  const writer = new ProtobufWriter()
  for (const model of models) {
    const parts = [model.success, model.fail, model.queue, model.computeInput, model.computeInfer, model.computeOutput]
    const statistics = new ProtobufWriter()
    for (const [index, part] of parts.entries()) statistics.message(index + 1, duration(part))
    const version = new ProtobufWriter()
      .text(1, model.name)
      .text(2, model.version)
      .integer(3, model.lastInferenceMs)
      .integer(4, model.inferenceCount)
      .integer(5, model.executionCount)
      .message(6, statistics)
    for (const { batchSize, computeInput, computeInfer, computeOutput } of model.batches) {
      const batch = new ProtobufWriter().integer(1, batchSize)
      for (const [index, part] of [computeInput, computeInfer, computeOutput].entries()) {
        batch.message(index + 2, duration(part))
      }
      version.message(7, batch)
    }
    writer.message(1, version)
  }
  return writer.bytes
}

function duration({ count, ns }: GrpcDuration): ProtobufWriter {
  return new ProtobufWriter().integer(1, count).integer(2, ns)
}
