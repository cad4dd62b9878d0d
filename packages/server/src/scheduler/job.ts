import type { Engine } from '../runtime/host/index.ts'
import type { QueuedJob } from './job-queue.ts'
import type { ScheduledModel } from './scheduled-model.ts'

/** Who asks for work on which model. */
export interface JobRequest {
  readonly tenant: string
  readonly model: ScheduledModel
  /** What the input weighs. */
  readonly costBytes: number
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal
}

/** Work on an engine; must end within the deadline, or the engine is killed. */
export type Work<T> = (engine: Engine, options: { readonly deadlineMs: number }) => Promise<T>

/** Work that waits or runs. It is settled once; later settlements are ignored. */
export interface Job extends QueuedJob {
  readonly model: ScheduledModel
  /** Whose engines may do it; undefined for engines that have served nobody. */
  readonly enginesOf: string | undefined
  /** Names the model and `enginesOf` together. */
  readonly pool: string
  readonly deadlineMs: number
  readonly deadlineAtMs: number
  readonly signal: AbortSignal | undefined
  /** Runs on an engine and settles with what comes of it; never rejects. Returns what it failed with, if it failed. */
  run(engine: Engine, nowMs: number): Promise<unknown>
  reject(error: unknown): void
  /** True once the caller has its answer or its error. */
  readonly settled: boolean
  /** Called once when the job is settled, however. */
  onSettled: () => void
}

/** Ties work to the promise of its caller. */
export function createJob<T>(
  fields: Pick<Job, 'tenant' | 'model' | 'costBytes' | 'enginesOf' | 'deadlineMs' | 'deadlineAtMs' | 'signal'>,
  work: Work<T>,
): { readonly job: Job; readonly result: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let settled = false
  const settle = (): void => {
    if (!settled) job.onSettled()
    settled = true
  }
  const job: Job = {
    ...fields,
    modelKey: fields.model.key,
    pool: `${fields.model.key}\n${fields.enginesOf ?? ''}`,
    get settled() {
      return settled
    },
    onSettled: () => undefined,
    async run(engine, nowMs) {
      try {
        resolve(await work(engine, { deadlineMs: Math.max(1, Math.ceil(job.deadlineAtMs - nowMs)) }))
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
