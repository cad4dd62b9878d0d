import { type Urgency, type UrgencyValue, urgencyOf } from '../inference/index.ts'
import type { ApiHeaders } from './api.ts'
import { ApiError } from './api-error.ts'
import { header } from './request-fields.ts'

const PRIORITY_HEADER = 'blindai-priority'
const TIMEOUT_HEADER = 'blindai-timeout'

/**
 * How urgent a request is whose parameters are the task's own: `Blindai-Priority` and `Blindai-Timeout`.
 *
 * @throws {ApiError} `HEADER_INVALID`.
 */
export function urgencyOfHeaders(headers: ApiHeaders): Urgency {
  const [priority, timeout] = [header(headers, PRIORITY_HEADER), header(headers, TIMEOUT_HEADER)]
  return urgencyOf(numberOf(priority), numberOf(timeout), (name, expected) => {
    throw new ApiError('HEADER_INVALID', { header: name === 'priority' ? PRIORITY_HEADER : TIMEOUT_HEADER, expected })
  })
}

/** Digits as a number; anything else as it is, to be refused. */
function numberOf(value: string | undefined): UrgencyValue {
  return value !== undefined && /^(?:0|[1-9][0-9]{0,14})$/.test(value) ? Number(value) : value
}
