import type { RawTensor } from '@blindai/protocol'
import { type Stack, stackOf } from '../runtime/host/index.ts'
import type { BatchMember } from './batch.ts'
import type { QueuedJob } from './job-queue.ts'
import type { JobEngine, Share } from './run-together.ts'
import type { ScheduledModel } from './scheduled-model.ts'

/** Priorities go from 1, which is served first, to this. */
export const LEAST_PRIORITY = 10
export const DEFAULT_PRIORITY = 5

/** Who asks for work on which model. */
export interface JobRequest {
  readonly tenant: string
  readonly model: ScheduledModel
  /** What the input weighs. */
  readonly costBytes: number
  /** Among the tenant's own requests, 1 first; `DEFAULT_PRIORITY` unless given. */
  readonly priority?: number
  /** How long the answer is worth waiting for, if that is less than the server's own limit. */
  readonly timeoutMs?: number
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal
  /** Where the work is one run of the model on tensors and nothing else: it may then share a run with others. */
  readonly tensors?: JobTensors
}

/** What a run is asked for. */
export interface JobTensors {
  readonly inputs: readonly RawTensor[]
  readonly outputs: readonly string[] | undefined
}

/** How work is done. */
export interface WorkOptions {
  readonly deadlineMs: number
  /** Runs of the engine that count for this request: 0 where another request of the same batch stands for it. */
  readonly executions: number
}

/** Work on an engine, or on a share of one; must end within the deadline, or the engine is killed. */
export type Work<T> = (engine: JobEngine, options: WorkOptions) => Promise<T>

/** Work that waits or runs. It is settled once; later settlements are ignored. */
export interface Job extends QueuedJob, BatchMember {
  readonly model: ScheduledModel
  readonly tensors: JobTensors | undefined
  /** Whose engines may do it; undefined for engines that have served nobody. */
  readonly enginesOf: string | undefined
  /** True for work that only wants an engine that has loaded: it tells nothing of what runs take. */
  readonly isLoad: boolean
  /** How long the caller waits for an answer, from admission to `deadlineAtMs`. */
  readonly deadlineMs: number
  /** When the engine is killed if it still runs; not before `deadlineAtMs`. */
  readonly endAtMs: number
  readonly signal: AbortSignal | undefined
  /** True once it could not be run at the moment it came. */
  hasWaited: boolean
  /** Runs on an engine and settles with what comes of it; never rejects. Returns what it failed with, if it failed. */
  run(share: Share, nowMs: number): Promise<unknown>
  reject(error: unknown): void
  /** True once the caller has its answer or its error. */
  readonly settled: boolean
  /** Called once when the job is settled, however. */
  onSettled: () => void
}

/** What is known of a job before anybody waits for it. */
export type JobFields = Omit<Job, 'run' | 'reject' | 'settled' | 'onSettled' | 'hasWaited'>

/** What a job may share a run by. Only bytes are looked at that are lengths. */
function batchFieldsOf({ model, tensors }: JobRequest): Pick<Job, 'stack' | 'tensors' | 'allowsCrossTenantBatches'> {
  const stack: Stack | undefined = tensors && stackOf(tensors.inputs, tensors.outputs)
  // Who does not let tenants share engines does not let them share a run either.
  const allowsCrossTenantBatches = model.sharedEngines === true && model.allowsCrossTenantBatches === true
  return { stack, tensors, allowsCrossTenantBatches }
}

/** How work is done that is asked for. */
export interface Submission {
  readonly enginesOf: string | undefined
  readonly isLoad: boolean
  /** After how long the engine is killed. */
  readonly endMs: number
}

/** What a request comes to. */
export function describeJob(
  request: JobRequest,
  { enginesOf, isLoad, endMs }: Submission,
  costMs: number,
  nowMs: number,
): JobFields {
  const { tenant, model, costBytes, signal, priority = DEFAULT_PRIORITY, timeoutMs = endMs } = request
  const deadlineMs = Math.min(timeoutMs, endMs)
  const pool = poolOf(model.key, enginesOf)
  const times = { deadlineMs, deadlineAtMs: nowMs + deadlineMs, endAtMs: nowMs + endMs }
  return {
    tenant,
    model,
    modelKey: model.key,
    pool,
    enginesOf,
    isLoad,
    costBytes,
    costMs,
    priority,
    signal,
    ...times,
    ...batchFieldsOf(request),
  }
}

/** Names the engines of a model that serve a tenant, or those that have served nobody. */
export function poolOf(modelKey: string, enginesOf: string | undefined): string {
  return `${modelKey}\n${enginesOf ?? ''}`
}

/** True for engines of any model that serve that tenant alone. */
export function isPoolOf(pool: string, tenant: string): boolean {
  return pool.endsWith(`\n${tenant}`)
}

/** Ties work to the promise of its caller. */
export function createJob<T>(fields: JobFields, work: Work<T>): { readonly job: Job; readonly result: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let settled = false
  const settle = (): void => {
    if (!settled) job.onSettled()
    settled = true
  }
  const job: Job = {
    ...fields,
    hasWaited: false,
    get settled() {
      return settled
    },
    onSettled: () => undefined,
    async run({ engine, executions }, nowMs) {
      try {
        const deadlineMs = Math.max(1, Math.ceil(job.endAtMs - nowMs))
        resolve(await work(engine, { deadlineMs, executions }))
        settle()
        return undefined
      } catch (error) {
        job.reject(error)
        return error
      }
    },
    reject(error) {
      reject(error)
      settle()
    },
  }
  return { job, result: promise }
}
