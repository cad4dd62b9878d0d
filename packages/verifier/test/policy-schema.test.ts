import type { JsonObject, JsonValue } from '@blindai/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import schema from '../policy.schema.json' with { type: 'json' }
import { isPolicyError, parsePolicy } from '../src/index.ts'
import { ObjectReader } from '../src/json/object-reader.ts'
import { arbitraryOf, isValid, membersAt } from './support/json-schema.ts'

const described = arbitraryOf(schema)
/** Those that can be meant: a contradiction is found before the rest is read, and would hide what else is wrong. */
const policies = described
  .map((policy) => (isContradictory(policy) ? withoutDemands(policy) : policy))
  .filter((policy) => !isContradictory(policy))
const settings = (runs: number) => ({ numRuns: runs, seed: 20261127 })

/** The code that the parser refuses with; what is well formed and cannot be meant is not the schema's to say. */
function refusal(policy: JsonValue): string | undefined {
  try {
    parsePolicy(policy)
    return undefined
  } catch (error) {
    if (isPolicyError(error)) return undefined
    return error instanceof Error && 'code' in error ? String(error.code) : 'not a coded error'
  }
}

function isContradictory(policy: JsonValue): boolean {
  try {
    parsePolicy(policy)
    return false
  } catch (error) {
    return isPolicyError(error)
  }
}

/** A policy without what contradictions most often come from. */
function withoutDemands(policy: JsonValue): JsonValue {
  const text = JSON.stringify(policy, (key, value) =>
    /^(required|allowed)|^(trustClasses|deny|measurements)$/.test(key) ? undefined : value,
  )
  return JSON.parse(text)
}

/** The paths of all objects and values in a JSON value. */
function pathsOf(value: JsonValue, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const items = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...items.flatMap(([key, item]) => pathsOf(item, [...path, key]))]
}

function replaced(value: JsonValue, [key, ...rest]: readonly (string | number)[], by: JsonValue): JsonValue {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? replaced(item, rest, by) : item))
  const members: JsonObject = isJsonObject(value) ? value : {}
  return { ...members, [key]: replaced(members[key] ?? null, rest, by) }
}

function at(value: JsonValue, path: readonly (string | number)[]): JsonValue {
  return path.reduce<JsonValue>((owner, key) => Object(owner)[key], value)
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the JSON schema and the parser', () => {
  test('agree on every policy that the schema describes', () => {
    fc.assert(
      fc.property(described, (policy) => {
        expect(isValid(schema, policy)).toBe(true)
        expect(refusal(policy), JSON.stringify(policy)).toBeUndefined()
      }),
      settings(500),
    )
  })
  test('agree on every policy in which one value was replaced by another', () => {
    let refused = 0
    let accepted = 0
    fc.assert(
      fc.property(policies, fc.nat(), fc.jsonValue({ maxDepth: 1 }), (policy, choice, value) => {
        const paths = pathsOf(policy)
        const changed = replaced(policy, paths[choice % paths.length] ?? [], value as JsonValue)
        const isWanted = isValid(schema, changed)
        expect(refusal(changed) === undefined, JSON.stringify(changed)).toBe(isWanted)
        if (isWanted) accepted++
        else refused++
      }),
      settings(800),
    )
    expect(refused).toBeGreaterThan(400)
    expect(accepted).toBeGreaterThan(10)
  })
  test('agree on every policy that one member was taken from', () => {
    fc.assert(
      fc.property(policies, fc.nat(), (policy, choice) => {
        const owners = pathsOf(policy).filter((path) => path.length > 0 && typeof path.at(-1) === 'string')
        const path = owners[choice % owners.length] ?? []
        const owner = at(policy, path.slice(0, -1))
        const rest = Object.entries(Object(owner)).filter(([key]) => key !== path.at(-1))
        const changed = replaced(policy, path.slice(0, -1), Object.fromEntries(rest) as JsonValue)
        expect(refusal(changed) === undefined, JSON.stringify(changed)).toBe(isValid(schema, changed))
      }),
      settings(500),
    )
  })
  test('refuse a member that neither knows, in every object', () => {
    fc.assert(
      fc.property(policies, fc.nat(), (policy, choice) => {
        const objects = pathsOf(policy).filter((path) => isJsonObject(at(policy, path)))
        const path = objects[choice % objects.length] ?? []
        const changed = replaced(policy, [...path, 'unheardOf'], true)
        expect(isValid(schema, changed)).toBe(false)
        expect(refusal(changed), JSON.stringify(changed)).toBe('UNKNOWN_MEMBER')
      }),
      settings(500),
    )
  })
  test('know the same members: none that the parser asks for is strange to the schema, and it asks for all', () => {
    const asked = new Map<string, Set<string>>()
    const record = (reader: ObjectReader, member: string): void => {
      const path = reader.field.replaceAll(/\[\d+\]/g, '[]')
      asked.set(path, (asked.get(path) ?? new Set()).add(member))
    }
    const { has, value } = ObjectReader.prototype
    vi.spyOn(ObjectReader.prototype, 'has').mockImplementation(function (this: ObjectReader, member) {
      record(this, member)
      return has.call(this, member)
    })
    vi.spyOn(ObjectReader.prototype, 'value').mockImplementation(function (this: ObjectReader, member) {
      record(this, member)
      return value.call(this, member)
    })
    fc.assert(
      fc.property(policies, (policy) => {
        refusal(policy)
      }),
      settings(300),
    )
    expect(asked.size).toBeGreaterThan(30)
    for (const [path, members] of asked) expect([...members].sort(), path).toEqual(membersAt(schema, path))
  })
})

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
