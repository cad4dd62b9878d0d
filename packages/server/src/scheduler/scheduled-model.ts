import type { EngineModel } from '../runtime/host/index.ts'

/** A model as the scheduler sees it. */
export interface ScheduledModel {
  /** Names it among all tenants' models; equal bytes of two owners are two models. */
  readonly key: string
  readonly source: EngineModel
}

const MIB = 1024 * 1024

/** What an engine process takes beside its model: Node, its compiled code and ONNX Runtime. */
const ENGINE_BASE_BYTES = 96 * MIB

/** Weights are read, parsed and packed: several copies at load. Activations come on top. */
const BYTES_FOR_EACH_MODEL_BYTE = 3
const ACTIVATION_BYTES = 256 * MIB

/** What an engine for the model may allocate: in proportion to the model, and never more than `engineMemoryBytes`. */
export function engineBudgetBytes(modelBytes: number, engineMemoryBytes: number): number {
  return Math.min(engineMemoryBytes, ACTIVATION_BYTES + BYTES_FOR_EACH_MODEL_BYTE * modelBytes)
}

/** What the scheduler counts for an engine with that budget. */
export function slotMemoryBytes(budgetBytes: number): number {
  return ENGINE_BASE_BYTES + budgetBytes
}
