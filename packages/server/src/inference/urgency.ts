import type { InferParameters } from '@blindai/protocol'
import { LEAST_PRIORITY } from '../scheduler/index.ts'
import { InferenceError } from './inference-error.ts'

/** How urgent a request is, as far as its sender says. */
export interface Urgency {
  /** Among the tenant's own requests; 1 is served first. */
  readonly priority?: number
  /** From admission to the answer. The server's `requestDeadlineMs` holds besides. */
  readonly timeoutMs?: number
}

/** A value as it was sent, to be looked at. */
export type UrgencyValue = InferParameters[string] | undefined

/** Refuses one of the two by name. */
export type RefuseUrgency = (name: 'priority' | 'timeout', expected: string) => never

const PRIORITY_EXPECTED = `a whole number from 1, the highest, to ${LEAST_PRIORITY}, or 0 for the usual one`
const TIMEOUT_EXPECTED = 'a whole number of microseconds, or 0 for no limit but the server’s own'

/**
 * The parameters `priority` and `timeout` of an inference request. The timeout is for the answer, not only for the wait.
 *
 * Source: Triton Inference Server, "Schedule Policy Extension".
 *
 * @throws {InferenceError} `PARAMETER_INVALID`.
 */
export function urgencyOfParameters(parameters: InferParameters | undefined): Urgency {
  return urgencyOf(parameters?.priority, parameters?.timeout, (parameter, expected) => {
    throw new InferenceError('PARAMETER_INVALID', { parameter, expected })
  })
}

/** The same of two values, wherever they were said. @throws what `refuse` throws. */
export function urgencyOf(priority: UrgencyValue, timeout: UrgencyValue, refuse: RefuseUrgency): Urgency {
  const urgency: { priority?: number; timeoutMs?: number } = {}
  if (priority !== undefined) {
    if (!isWhole(priority) || priority > LEAST_PRIORITY) refuse('priority', PRIORITY_EXPECTED)
    else if (priority > 0) urgency.priority = priority
  }
  if (timeout !== undefined) {
    if (!isWhole(timeout)) refuse('timeout', TIMEOUT_EXPECTED)
    else if (timeout > 0) urgency.timeoutMs = timeout / 1000
  }
  return urgency
}

function isWhole(value: UrgencyValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
