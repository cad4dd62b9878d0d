import type { Job } from './job.ts'
import { SchedulerError } from './scheduler-error.ts'

/** Calls `giveUp` when a job's client goes away or its deadline is over, until the job is settled. */
export function watchJob(job: Job, giveUp: (error: SchedulerError) => void): void {
  const { signal, deadlineMs } = job
  if (job.settled) return
  const onAbort = (): void => giveUp(new SchedulerError('REQUEST_CANCELLED', {}))
  const onDeadline = (): void => giveUp(new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs }))
  signal?.addEventListener('abort', onAbort)
  const deadline = setTimeout(onDeadline, deadlineMs)
  job.onSettled = () => {
    signal?.removeEventListener('abort', onAbort)
    clearTimeout(deadline)
  }
}
