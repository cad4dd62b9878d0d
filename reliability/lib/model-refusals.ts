import type { EngineErrorDetails } from '../../packages/server/src/runtime/host/index.ts'
import type { SchedulerErrorDetails } from '../../packages/server/src/scheduler/index.ts'

/**
 * What can be said of a model, and of running it on zeros. All else that a server may answer is of whoever asks, of how much is
 * asked, or of the server itself: the model was not even looked at.
 */
const OF_A_MODEL: ReadonlySet<string> = new Set<keyof EngineErrorDetails | keyof SchedulerErrorDetails>([
  'MODEL_REFUSED',
  'MODEL_INVALID',
  'MODEL_NEEDS_MORE_MEMORY',
  'MODEL_QUARANTINED',
  'INPUT_INVALID',
  'INPUT_UNSUPPORTED',
  'RUN_FAILED',
  'OUTPUT_TOO_LARGE',
  'DEADLINE_EXCEEDED',
  'ENGINE_CRASHED',
  'ENGINE_OUT_OF_MEMORY',
])

/** True for the code of a refusal that is of the model. */
export function isOfModel(code: string): boolean {
  return OF_A_MODEL.has(code)
}
