import type { JsonObject } from '@blindai/core'

/** True for an object of JSON, which is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
