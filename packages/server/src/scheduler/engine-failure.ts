import { isEngineError } from '../runtime/host/index.ts'

/** True when an engine died by its own fault, rather than answering that it cannot. */
export function isCrash(failure: unknown): boolean {
  return isEngineError(failure) && (failure.code === 'ENGINE_CRASHED' || failure.code === 'ENGINE_OUT_OF_MEMORY')
}

/** True when the engine is gone with what it failed at. */
export function isFatal(failure: unknown): boolean {
  if (isCrash(failure)) return true
  return isEngineError(failure) && (failure.code === 'DEADLINE_EXCEEDED' || failure.code === 'ENGINE_STOPPED')
}
