import { type ModelRecord, type ModelRepository, modelKey } from '../models/index.ts'
import type { ScheduledModel } from '../scheduler/index.ts'
import { InferenceError } from './inference-error.ts'

/** What is needed of the scheduler. */
export interface EngineControl {
  load(model: ScheduledModel, tenant: string): Promise<unknown>
  release(modelKey: string, error: Error): Promise<void>
  clearQuarantine(modelKey: string): boolean
}

/**
 * Which models their owners have unloaded. Every model is loaded until its owner says otherwise: engines come and go as
 * they are needed. An unloaded one has none, and serves nobody. Not kept over a restart.
 *
 * loaded → unloaded (at once for newcomers, with its engines gone once its runs have ended) → loaded.
 */
export class LoadedModels {
  readonly #models: Pick<ModelRepository, 'open'>
  readonly #engines: EngineControl
  readonly #unloaded: Set<string> = new Set()
  /** Runs by model, and what waits for the last of them. */
  readonly #running: Map<string, { runs: number; readonly onIdle: (() => void)[] }> = new Map()

  constructor(models: Pick<ModelRepository, 'open'>, engines: EngineControl) {
    this.#models = models
    this.#engines = engines
  }

  isLoaded(record: ModelRecord): boolean {
    return !this.#unloaded.has(modelKey(record))
  }

  /** Does work with a model that is not unloaded under it. @throws {InferenceError} `MODEL_UNLOADED`. */
  async use<T>(record: ModelRecord, work: (model: ScheduledModel) => Promise<T>): Promise<T> {
    const key = modelKey(record)
    if (this.#unloaded.has(key)) throw new InferenceError('MODEL_UNLOADED', {})
    const running = this.#running.get(key) ?? { runs: 0, onIdle: [] }
    this.#running.set(key, running)
    running.runs++
    try {
      return await work(this.#scheduled(record))
    } finally {
      running.runs--
      if (running.runs === 0) {
        this.#running.delete(key)
        for (const onIdle of running.onIdle) onIdle()
      }
    }
  }

  /** Starts an engine, for whoever asks first; a quarantine ends. @throws what the engine says of the model. */
  async load(record: ModelRecord, tenant: string): Promise<void> {
    const key = modelKey(record)
    this.#unloaded.delete(key)
    this.#engines.clearQuarantine(key)
    await this.#engines.load(this.#scheduled(record), tenant)
  }

  /** Serves no new request, ends those that run, and stops the engines; they are gone when it resolves. */
  async unload(record: ModelRecord): Promise<void> {
    const key = modelKey(record)
    this.#unloaded.add(key)
    const running = this.#running.get(key)
    if (running !== undefined) await new Promise<void>((resolve) => running.onIdle.push(resolve))
    // Loaded again meanwhile: its engines are wanted.
    if (this.#unloaded.has(key)) await this.#engines.release(key, new InferenceError('MODEL_UNLOADED', {}))
  }

  /** Makes one loaded without starting anything, as the model was before anybody unloaded it. */
  restore(modelKey: string): void {
    this.#unloaded.delete(modelKey)
  }

  #scheduled(record: ModelRecord): ScheduledModel {
    return {
      key: modelKey(record),
      source: this.#models.open(record),
      sharedEngines: record.sharedEngines === true,
      allowsCrossTenantBatches: record.allowsCrossTenantBatches === true,
    }
  }
}
