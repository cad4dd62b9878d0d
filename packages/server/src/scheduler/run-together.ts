import type { RawTensor } from '@blindai/protocol'
import { type Engine, isEngineError } from '../runtime/host/index.ts'
import { isFatal } from './engine-failure.ts'
import type { Job } from './job.ts'
import type { RowProofs } from './row-proofs.ts'
import { SchedulerError } from './scheduler-error.ts'

/** The part of an engine that work on a job sees: all of it, or its share in a run with others. */
export type JobEngine = Pick<Engine, 'description' | 'infer' | 'run'>

/** One job's share of a run. */
export interface Share {
  readonly engine: JobEngine
  /** Runs of the engine that count for the job. */
  readonly executions: number
}

/** Jobs that run at the same time on one engine. */
export type Jobs = readonly [Job, ...Job[]]

/** The part of a run that a job is charged for: its rows. */
export function shareOf(job: Job, jobs: Jobs): number {
  if (jobs.length === 1) return 1
  return (job.stack?.rows ?? 1) / jobs.reduce((rows, { stack }) => rows + (stack?.rows ?? 1), 0)
}

/**
 * Runs jobs in one run of an engine, and gives for each the engine as it sees it: one whose run is its share.
 *
 * The first time that so many rows of a shape meet, each job is run alone as well: those are the answers, and the batch is
 * compared with them. One bit of difference, and the model is not batched any more.
 *
 * When the run fails and the engine lives, each is run alone, once: nothing died of it, and only one of them may be to
 * blame. When the engine dies, all of them fail as it did, and none is run again.
 */
export function runTogether(jobs: Jobs, engine: Engine, proofs: RowProofs, nowMs: () => number): readonly Share[] {
  if (jobs.length === 1) return [{ engine, executions: 1 }]
  const batch = new RunningBatch(jobs, engine, proofs, nowMs)
  void batch.run()
  return batch.shares.map(({ promise }, index) => ({
    engine: { description: engine.description, infer: () => promise, run: (...task) => engine.run(...task) },
    // The first of each tenant stands for the run: no tenant's counts tell of the company of another.
    executions: batch.isKnown && jobs.findIndex(({ tenant }) => tenant === jobs[index]?.tenant) < index ? 0 : 1,
  }))
}

class RunningBatch {
  readonly shares: readonly PromiseWithResolvers<RawTensor[]>[]
  /** True when so many rows of this shape were seen to be equal together and alone. */
  readonly isKnown: boolean
  readonly #jobs: Jobs
  readonly #engine: Engine
  readonly #proofs: RowProofs
  readonly #nowMs: () => number
  readonly #modelKey: string
  readonly #shape: string
  readonly #rows: number

  constructor(jobs: Jobs, engine: Engine, proofs: RowProofs, nowMs: () => number) {
    const [{ modelKey, stack }] = jobs
    this.shares = jobs.map(() => Promise.withResolvers<RawTensor[]>())
    // Whoever has gone looks at no share.
    for (const { promise } of this.shares) promise.catch(() => undefined)
    this.#jobs = jobs
    this.#engine = engine
    this.#proofs = proofs
    this.#nowMs = nowMs
    this.#modelKey = modelKey
    this.#shape = stack?.key ?? ''
    this.#rows = jobs.reduce((sum, job) => sum + (job.stack?.rows ?? 0), 0)
    this.isKnown = proofs.isCompared(modelKey, this.#shape, this.#rows)
  }

  /** Settles every share; never rejects. What was learned of the model is noted before the last of them. */
  async run(): Promise<void> {
    try {
      const answers = await this.#engine.inferTogether(
        this.#jobs.map(({ tensors }) => tensors?.inputs ?? []),
        this.#jobs[0].tensors?.outputs,
        { deadlineMs: Math.max(...this.#jobs.map((job) => this.#leftMs(job))) },
      )
      if (!this.isKnown) await this.#alone(answers)
      else for (const [index, share] of this.shares.entries()) share.resolve(answers[index] ?? [])
    } catch (error) {
      if (isEngineError(error) && error.code === 'RUN_FAILED' && error.details.reason === 'rows-lost') {
        this.#proofs.withdraw(this.#modelKey, 'rows-lost')
      }
      if (!isFatal(error)) await this.#alone(undefined)
      else for (const share of this.shares) share.reject(error)
    }
  }

  /** Answers each job from a run of its own; those of the batch, where there are any, have to be the same. */
  async #alone(answers: readonly (readonly RawTensor[])[] | undefined): Promise<void> {
    let same = 0
    for (const [index, share] of this.shares.entries()) {
      try {
        const alone = await this.#runAlone(this.#jobs[index])
        if (answers !== undefined && isSame(alone, answers[index] ?? [])) same++
        else if (answers !== undefined) this.#proofs.withdraw(this.#modelKey, 'rounding')
        if (same === this.shares.length) this.#proofs.noteCompared(this.#modelKey, this.#shape, this.#rows)
        share.resolve(alone)
      } catch (failure) {
        share.reject(failure)
      }
    }
  }

  async #runAlone(job: Job | undefined): Promise<RawTensor[]> {
    if (job?.tensors === undefined || job.settled) throw new SchedulerError('REQUEST_CANCELLED', {})
    return this.#engine.infer(job.tensors.inputs, job.tensors.outputs, { deadlineMs: this.#leftMs(job) })
  }

  #leftMs({ endAtMs }: Job): number {
    return Math.max(1, Math.ceil(endAtMs - this.#nowMs()))
  }
}

function isSame(a: readonly RawTensor[], b: readonly RawTensor[]): boolean {
  if (a.length !== b.length) return false
  return a.every(({ shape, data }, index) => {
    const other = b[index]
    return other !== undefined && shape.join() === other.shape.join() && Buffer.compare(data, other.data) === 0
  })
}
