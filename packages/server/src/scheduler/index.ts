export type { StartEngine } from './engine-fleet.ts'
export type { ScheduledModel } from './scheduled-model.ts'
export { Scheduler, type SchedulerEvent, type SchedulerLimits } from './scheduler.ts'
export { SCHEDULER_CATALOGUE, SchedulerError, type SchedulerErrorDetails } from './scheduler-error.ts'
