import type { JsonValue } from '@blindai/core'

/** Whether a member of an answer is not there, or null, which says the same. */
export function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null
}
