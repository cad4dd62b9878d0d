import type { InferParameters } from '@blindai/protocol'
import { LEAST_PRIORITY } from '../scheduler/index.ts'
import type { ApiHeaders } from './api.ts'
import { ApiError } from './api-error.ts'
import { header } from './request-fields.ts'

/** How urgent a request is, as far as its sender says. */
export interface Urgency {
  /** Among the tenant's own requests; 1 is served first. */
  readonly priority?: number
  /** From admission to the answer. The server's `requestDeadlineMs` holds besides. */
  readonly timeoutMs?: number
}

const PRIORITY_HEADER = 'blindai-priority'
const TIMEOUT_HEADER = 'blindai-timeout'

const PRIORITY_EXPECTED = `a whole number from 1, the highest, to ${LEAST_PRIORITY}, or 0 for the usual one`
const TIMEOUT_EXPECTED = 'a whole number of microseconds, or 0 for no limit but the server’s own'

/**
 * The parameters `priority` and `timeout` of an inference request. The timeout is for the answer, not only for the wait.
 *
 * Source: Triton Inference Server, "Schedule Policy Extension".
 *
 * @throws {ApiError} `PARAMETER_INVALID`.
 */
export function urgencyOfParameters(parameters: InferParameters | undefined): Urgency {
  return urgencyOf(parameters?.priority, parameters?.timeout, (parameter, expected) => {
    throw new ApiError('PARAMETER_INVALID', { parameter, expected })
  })
}

/**
 * The same of a request whose parameters are the task's own: `Blindai-Priority` and `Blindai-Timeout`.
 *
 * @throws {ApiError} `HEADER_INVALID`.
 */
export function urgencyOfHeaders(headers: ApiHeaders): Urgency {
  const [priority, timeout] = [header(headers, PRIORITY_HEADER), header(headers, TIMEOUT_HEADER)]
  return urgencyOf(numberOf(priority), numberOf(timeout), (name, expected) => {
    throw new ApiError('HEADER_INVALID', { header: name === 'priority' ? PRIORITY_HEADER : TIMEOUT_HEADER, expected })
  })
}

type Parameter = InferParameters[string] | undefined

function urgencyOf(
  priority: Parameter,
  timeout: Parameter,
  refuse: (name: 'priority' | 'timeout', expected: string) => never,
): Urgency {
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

function isWhole(value: Parameter): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Digits as a number; anything else as it is, to be refused. */
function numberOf(value: string | undefined): Parameter {
  return value !== undefined && /^(?:0|[1-9][0-9]{0,14})$/.test(value) ? Number(value) : value
}
