import { type JsonObject, type JsonValue, MalformedError } from '@blindai/core'

/** The most of a sender's own member name that is put into an error. */
const MAX_SHOWN = 64

/** @throws {MalformedError} `WRONG_TYPE`. */
export function objectOf(field: string, value: JsonValue): JsonObject {
  if (isObject(value)) return value
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
}

/** @throws {MalformedError} `MISSING_MEMBER`, `WRONG_TYPE`. */
export function itemsOf(field: string, parent: JsonObject, member: string): readonly JsonValue[] {
  const value = memberOf(field, parent, member)
  if (!Array.isArray(value))
    throw new MalformedError('WRONG_TYPE', { field: `${field}.${member}`, expected: 'an array' })
  return value
}

/** @throws {MalformedError} `MISSING_MEMBER`, `WRONG_TYPE`, `TOO_LONG`. */
export function textOf(field: string, parent: JsonObject, member: string, maxLength: number): string {
  return asText(`${field}.${member}`, memberOf(field, parent, member), maxLength)
}

/** @throws {MalformedError} `WRONG_TYPE`, `TOO_LONG`. */
export function asText(field: string, value: JsonValue, maxLength: number): string {
  if (typeof value !== 'string') throw new MalformedError('WRONG_TYPE', { field, expected: 'a string' })
  if (value.length > maxLength) throw new MalformedError('TOO_LONG', { field, length: value.length, limit: maxLength })
  return value
}

/** @throws {MalformedError} `UNKNOWN_MEMBER`. */
export function refuseUnknownMembers(field: string, value: JsonObject, known: readonly string[]): void {
  const member = Object.keys(value).find((name) => !known.includes(name))
  if (member !== undefined) throw new MalformedError('UNKNOWN_MEMBER', { field, member: shownName(member) })
}

/** A member name of the sender's choice, short enough for an error. */
export function shownName(name: string): string {
  return name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name
}

function memberOf(field: string, parent: JsonObject, member: string): JsonValue {
  const value = parent[member]
  if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field, member })
  return value
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
