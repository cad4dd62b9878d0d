import { fromHex, MalformedError } from '@blindai/core'

/**
 * Checks that JSON has a form: one function for each kind of value, combined like the documents they describe.
 *
 * @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`, `WRONG_LENGTH`, `NOT_HEX`, `TOO_LONG`, `MISSING_MEMBER`,
 * `UNKNOWN_MEMBER`.
 */
export type Shape = (field: string, value: unknown) => void

const MAX_TEXT = 16_384
const MAX_ITEMS = 1024

/** Any JSON. */
export const anything: Shape = () => undefined

export const text: Shape = (field, value) => {
  if (typeof value !== 'string') throw new MalformedError('WRONG_TYPE', { field, expected: 'a text' })
  if (value.length > MAX_TEXT) throw new MalformedError('TOO_LONG', { field, length: value.length, limit: MAX_TEXT })
}

/** A whole number that is not negative. */
export const natural: Shape = (field, value) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new MalformedError('WRONG_TYPE', { field, expected: 'a whole number that is not negative' })
  }
}

/** Lower-case hexadecimal; of exactly so many bytes where a number is given. */
export function hex(bytes?: number): Shape {
  return (field, value) => {
    text(field, value)
    const digits = String(value)
    const actual = fromHex(field, digits).byteLength
    if (digits !== digits.toLowerCase()) throw new MalformedError('WRONG_VALUE', { field, expected: 'in lower case' })
    if (bytes !== undefined && actual !== bytes) {
      throw new MalformedError('WRONG_LENGTH', { field, expected: bytes, actual })
    }
  }
}

export function oneOf(...allowed: readonly (string | number | boolean)[]): Shape {
  return (field, value) => {
    if (!allowed.some((candidate) => candidate === value)) {
      throw new MalformedError('WRONG_VALUE', { field, expected: `one of ${allowed.join(', ')}` })
    }
  }
}

export function list(item: Shape): Shape {
  return (field, value) => {
    if (!Array.isArray(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an array' })
    if (value.length > MAX_ITEMS)
      throw new MalformedError('TOO_LONG', { field, length: value.length, limit: MAX_ITEMS })
    value.forEach((one, i) => {
      item(`${field}[${i}]`, one)
    })
  }
}

/** An object with these members, and no other where `rest` is not given. */
export function object(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
  rest?: Shape,
): Shape {
  const known = new Map(Object.entries({ ...optional, ...required }))
  return (field, value) => {
    const members = membersOf(field, value)
    const missing = Object.keys(required).find((member) => !members.has(member))
    if (missing !== undefined) throw new MalformedError('MISSING_MEMBER', { field, member: missing })
    for (const [member, one] of members) {
      const shape = known.get(member) ?? rest
      if (shape === undefined) throw new MalformedError('UNKNOWN_MEMBER', { field, member })
      shape(`${field}.${member}`, one)
    }
  }
}

/** The members of an object. @throws {MalformedError} `WRONG_TYPE`. */
export function membersOf(field: string, value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value))
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
}
