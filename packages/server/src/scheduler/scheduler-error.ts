import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `SchedulerError`. */
export interface SchedulerErrorDetails {
  TENANT_BUSY: { readonly limit: number; readonly retryAfterSeconds: number }
  SERVER_BUSY: { readonly limit: number; readonly retryAfterSeconds: number }
  TENANT_BACKLOG: { readonly deadlineMs: number; readonly retryAfterSeconds: number }
  SERVER_BACKLOG: { readonly deadlineMs: number; readonly retryAfterSeconds: number }
  SERVER_DRAINING: { readonly retryAfterSeconds: number }
  DEADLINE_EXCEEDED: { readonly deadlineMs: number }
  REQUEST_CANCELLED: Record<never, never>
  MODEL_QUARANTINED: { readonly crashes: number }
  MODEL_NEEDS_MORE_MEMORY: { readonly neededBytes: number; readonly availableBytes: number }
}

/** Messages and hints of `SchedulerError`. */
export const SCHEDULER_CATALOGUE: Catalogue<SchedulerErrorDetails> = {
  TENANT_BUSY: {
    message: (d) => `this key has ${d.limit} of its own requests waiting, as many as may`,
    hint: 'Wait as long as Retry-After says, and send fewer requests at once.',
  },
  SERVER_BUSY: {
    message: (d) => `the server is at its limit of ${d.limit}`,
    hint: 'Wait as long as Retry-After says, then send the request again.',
  },
  TENANT_BACKLOG: {
    message: (d) => `with what this key has waiting, no answer can be expected within ${d.deadlineMs} ms`,
    hint: 'Wait as long as Retry-After says, and send fewer requests at once, or allow more time.',
  },
  SERVER_BACKLOG: {
    message: (d) => `with what the server has to do, no answer can be expected within ${d.deadlineMs} ms`,
    hint: 'Wait as long as Retry-After says, then send the request again, or allow more time.',
  },
  SERVER_DRAINING: {
    message: () => 'the server is shutting down and takes no new work',
    hint: 'Wait as long as Retry-After says, then connect and attest again.',
  },
  DEADLINE_EXCEEDED: {
    message: (d) => `no answer within ${d.deadlineMs} ms`,
    hint: 'Send a smaller input, allow more time, or raise requestDeadlineMs in the configuration.',
  },
  REQUEST_CANCELLED: {
    message: () => 'the client went away before the answer',
    hint: 'Keep the connection open until the answer has arrived.',
  },
  MODEL_QUARANTINED: {
    message: (d) => `the engine of this model crashed ${d.crashes} times; it runs no more for this key`,
    hint: 'Upload the model again, or delete it; an administrator can lift the quarantine.',
  },
  MODEL_NEEDS_MORE_MEMORY: {
    message: (d) =>
      `an engine for this model needs ${d.neededBytes} bytes; all engines together have ${d.availableBytes}`,
    hint: 'Raise enginesMemoryBytes in the configuration, or use a smaller model.',
  },
}

/** Work that the scheduler does not take on, or gave up. */
export class SchedulerError<Code extends keyof SchedulerErrorDetails = keyof SchedulerErrorDetails> extends CodedError<
  SchedulerErrorDetails,
  Code
> {
  constructor(code: Code, details: SchedulerErrorDetails[Code], options?: ErrorOptions) {
    super('SchedulerError', SCHEDULER_CATALOGUE, code, details, options)
  }
}
