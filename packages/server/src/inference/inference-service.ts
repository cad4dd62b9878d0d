import {
  BINARY_TENSOR_DATA_EXTENSION,
  type InferParameters,
  type ModelMetadata,
  type RawTensor,
  type ServerMetadata,
} from '@blindai/protocol'
import { type ModelRecord, type ModelRepository, modelKey, nameFor, versionOf } from '../models/index.ts'
import type { JobRequest, Scheduler } from '../scheduler/index.ts'
import type { Tenant } from '../tenants/index.ts'
import { type EngineControl, LoadedModels } from './loaded-models.ts'
import { type ModelConfig, modelConfig, platformOf } from './model-config.ts'
import { cropOutputs, type PaddedText, padText } from './padding/index.ts'
import { type ParameterSource, refuseUnsupported } from './parameters.ts'
import { RequestTimer } from './request-timer.ts'
import { type ModelStatistics, StatisticsLedger } from './statistics.ts'
import { urgencyOfParameters } from './urgency.ts'

export interface InferenceServiceOptions {
  readonly models: ModelRepository
  readonly scheduler: Pick<Scheduler, 'perform' | 'isQuarantined'> & EngineControl
  readonly software: { readonly name: string; readonly version: string }
  /** Engines that may serve one tenant at the same time. */
  readonly cores: number
  /** Whether requests share runs at all: without, nothing is gained by filling texts up. */
  readonly batches: boolean
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly clock: () => number
}

/** Where a model stands. Source: Triton model repository extension, `state` and `reason`. */
export interface RepositoryEntry {
  readonly name: string
  readonly version: string
  readonly state: 'READY' | 'UNAVAILABLE'
  readonly reason: '' | 'unloaded' | 'quarantined'
}

/** The statistics of one version. */
export interface VersionStatistics extends ModelStatistics {
  readonly name: string
  readonly version: string
}

/** What a request asks of a model, whatever carried it. */
export interface RunRequest extends ParameterSource {
  readonly inputs: readonly RawTensor[]
  /** The outputs that are wanted, in this order; all when undefined. */
  readonly outputs?: readonly { readonly name: string; readonly parameters?: InferParameters | undefined }[] | undefined
}

/** On what terms it is run. `timeoutMs` is the transport's; the request's own holds besides. */
type RunTerms = Pick<JobRequest, 'costBytes' | 'signal' | 'timeoutMs'>

/** One request on its way: its tensors are run once. */
export interface Run {
  /**
   * Runs the model, once what the parameters ask for was looked at.
   *
   * @throws {InferenceError} `PARAMETER_UNSUPPORTED`, `PARAMETER_INVALID`, `MODEL_UNLOADED`; {SchedulerError} every code; what
   * the engine throws.
   */
  perform(asked: RunRequest, how: RunTerms): Promise<RawTensor[]>
}

/** The extensions that are served, by the names that server metadata has for them. */
const EXTENSIONS = [BINARY_TENSOR_DATA_EXTENSION, 'model_repository', 'model_configuration', 'statistics'] as const

/**
 * The Open Inference Protocol without its transport: what HTTP and gRPC both say of models, and how both run them. Every
 * method names the tenant that asks, and says nothing of models that it may not run.
 */
export class InferenceService {
  readonly loaded: LoadedModels
  readonly #options: InferenceServiceOptions
  readonly #statistics: StatisticsLedger = new StatisticsLedger()

  constructor(options: InferenceServiceOptions) {
    this.#options = options
    this.loaded = new LoadedModels(options.models, options.scheduler)
  }

  server(): ServerMetadata {
    const { name, version } = this.#options.software
    return { name, version, extensions: EXTENSIONS }
  }

  /** @throws {ModelError} `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`. */
  resolve(tenant: Tenant, model: string, version?: string): ModelRecord {
    return this.#options.models.resolve(tenant.name, model, version)
  }

  /** What a model is called in answers to a tenant. */
  nameOf(tenant: Tenant, record: ModelRecord): string {
    return nameFor(tenant.name, record) ?? record.sha256
  }

  metadata(tenant: Tenant, record: ModelRecord): ModelMetadata {
    const name = this.nameOf(tenant, record)
    const versions = this.#options.models.versions(tenant.name, record.name === undefined ? record.sha256 : name)
    return {
      name,
      versions: [...versions.map((version) => String(versionOf(version))), record.sha256],
      platform: platformOf(record),
      inputs: record.description.inputs,
      outputs: record.description.outputs,
    }
  }

  config(tenant: Tenant, record: ModelRecord): ModelConfig {
    return modelConfig(this.nameOf(tenant, record), record, this.#options.cores)
  }

  isReady(tenant: Tenant, record: ModelRecord): boolean {
    return this.#entry(tenant, record).state === 'READY'
  }

  /** Every version of every model that the tenant may run. */
  repositoryIndex(tenant: Tenant, onlyReady: boolean): RepositoryEntry[] {
    const entries = this.#options.models.list(tenant.name).map((record) => this.#entry(tenant, record))
    return onlyReady ? entries.filter(({ state }) => state === 'READY') : entries
  }

  /** Loads every version of a name, and starts an engine of the newest. @throws {ModelError}; what the engine says. */
  async load(tenant: Tenant, records: readonly ModelRecord[]): Promise<void> {
    const newest = records.at(-1)
    for (const record of records) this.loaded.restore(modelKey(record))
    if (newest !== undefined) await this.loaded.load(newest, tenant.name)
  }

  /** Unloads every version of a name; their engines are gone when it resolves. */
  async unload(records: readonly ModelRecord[]): Promise<void> {
    await Promise.all(records.map((record) => this.loaded.unload(record)))
  }

  /**
   * The statistics of all versions of a model or of all models that the tenant may run. The owner of a model sees the
   * requests of everybody together, others only their own.
   *
   * @throws {ModelError} `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`.
   */
  statistics(tenant: Tenant, model?: string, version?: string): VersionStatistics[] {
    const { models } = this.#options
    const records =
      model === undefined
        ? models.list(tenant.name)
        : version === undefined
          ? models.versions(tenant.name, model)
          : [models.resolve(tenant.name, model, version)]
    return records.map((record) => {
      const seen = record.owner === tenant.name ? undefined : tenant.name
      const statistics = this.#statistics.of(modelKey(record), seen)
      return { name: this.nameOf(tenant, record), version: String(versionOf(record)), ...statistics }
    })
  }

  /**
   * Serves one request, from its bytes to those of its answer, and counts how long each part took. Whatever `work` throws
   * counts as a failure of the model.
   */
  async serve<T>(tenant: Tenant, record: ModelRecord, work: (run: Run) => Promise<T>): Promise<T> {
    const timer = new RequestTimer(this.#options.nowMs)
    const asker = this.#statistics.asker(tenant.name)
    const atSeconds = this.#options.clock()
    let succeeded = false
    try {
      const answer = await work({
        perform: (asked, how) => this.#perform(tenant, record, timer, asked, how),
      })
      succeeded = true
      return answer
    } finally {
      this.#statistics.record(modelKey(record), asker, { succeeded, atSeconds, ...timer.finish() })
    }
  }

  /** Forgets what is known of a model that is deleted. */
  forget(record: ModelRecord): void {
    this.#statistics.forget(modelKey(record))
    this.loaded.restore(modelKey(record))
  }

  /** Forgets what is known of a tenant that is deleted, but for what its requests add to the sums of others' models. */
  forgetTenant(tenant: string): void {
    this.#statistics.forgetTenant(tenant)
  }

  async #perform(
    tenant: Tenant,
    record: ModelRecord,
    timer: RequestTimer,
    asked: RunRequest,
    { timeoutMs = Number.POSITIVE_INFINITY, ...how }: RunTerms,
  ): Promise<RawTensor[]> {
    refuseUnsupported(asked)
    const urgency = urgencyOfParameters(asked.parameters)
    const terms = { ...how, ...urgency, timeoutMs: Math.min(timeoutMs, urgency.timeoutMs ?? timeoutMs) }
    timer.enter('queue')
    const padded = this.#options.batches ? paddedText(record, asked) : undefined
    const inputs = padded?.inputs ?? asked.inputs
    const outputs = asked.outputs?.map(({ name }) => name)
    const tensors = { inputs, outputs }
    const result = await this.loaded.use(record, (model) =>
      this.#options.scheduler.perform({ ...terms, tenant: tenant.name, model, tensors }, (engine, options) => {
        timer.enter('computeInfer')
        timer.executions = options.executions
        return engine.infer(inputs, outputs, options)
      }),
    )
    timer.enter('computeOutput')
    return padded === undefined ? result : cropOutputs(result, (name) => lengthAxesOf(record, name), padded)
  }

  #entry(tenant: Tenant, record: ModelRecord): RepositoryEntry {
    const isLoaded = this.loaded.isLoaded(record)
    const isQuarantined = this.#options.scheduler.isQuarantined(modelKey(record), tenant.name)
    return {
      name: this.nameOf(tenant, record),
      version: String(versionOf(record)),
      state: isLoaded && !isQuarantined ? 'READY' : 'UNAVAILABLE',
      reason: !isLoaded ? 'unloaded' : isQuarantined ? 'quarantined' : '',
    }
  }
}

/** The text of a request that is filled up, where the model's owner has asked for that and it was tried. */
function paddedText({ padToMultipleOf, description }: ModelRecord, { inputs }: RunRequest): PaddedText | undefined {
  if (padToMultipleOf === undefined || description.lengthAxes === undefined) return undefined
  return padText(inputs, padToMultipleOf)
}

function lengthAxesOf({ description }: ModelRecord, name: string): readonly number[] {
  return description.lengthAxes?.[description.outputs.findIndex((output) => output.name === name)] ?? []
}
