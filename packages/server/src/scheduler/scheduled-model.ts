import type { EngineModel } from '../runtime/host/index.ts'

/** A model as the scheduler sees it. */
export interface ScheduledModel {
  /** Names it among all tenants' models; equal bytes of two owners are two models. */
  readonly key: string
  readonly source: EngineModel
  /** True where its owner lets one engine serve several tenants, one after the other. */
  readonly sharedEngines?: boolean
  /** True where its owner lets requests of several tenants that share engines be computed in one run. */
  readonly allowsCrossTenantBatches?: boolean
}

/** What bounds the memory of one engine. */
export interface EngineMemoryLimits {
  readonly engineHeadroomBytes: number
  readonly engineMemoryBytes: number
}

/** What an engine process takes beside its model: Node, its compiled code and ONNX Runtime. */
const ENGINE_BASE_BYTES = 112 * 1024 * 1024

/** Weights are read, parsed and packed: several copies at load. Activations come out of the headroom. */
const BYTES_FOR_EACH_MODEL_BYTE = 3

/** What an engine for the model may allocate: the headroom, and more in proportion to the model. */
export function engineBudgetBytes(modelBytes: number, limits: EngineMemoryLimits): number {
  return Math.min(limits.engineMemoryBytes, limits.engineHeadroomBytes + BYTES_FOR_EACH_MODEL_BYTE * modelBytes)
}

/** What the scheduler counts for an engine with that budget. */
export function slotMemoryBytes(budgetBytes: number): number {
  return ENGINE_BASE_BYTES + budgetBytes
}
