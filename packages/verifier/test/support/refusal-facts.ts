import type { JsonObject, JsonValue } from '@blindai/core'
import { expect } from 'vitest'
import written from '../../../../vectors/attestation/refusals.json' with { type: 'json' }
import type { AttestationResult } from '../../src/index.ts'

const WRITTEN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = written

/** A digest or serial number of something that each run makes anew; only its length stays the same. */
const RANDOM = /(?<![0-9a-f])(?!([0-9a-f]{2})\1+(?![0-9a-f]))(?:[0-9a-f]{2}){20,}(?![0-9a-f])/g

/** Identifiers of a platform that each run makes anew; they are too short to be told from attributes by their length. */
const MADE_ANEW: ReadonlySet<unknown> = new Set(['ppid', 'platformInstanceId'])

/** Facts that count bytes; from this many on, signatures are among them, whose length is not the same in each run. */
const COUNTS: ReadonlySet<string> = new Set(['offset', 'needed', 'available', 'length'])
const MANY = 1000

/** What a refusal says beside its code: the facts of the error, and which checks failed. */
export function factsOf({ failed, checks }: AttestationResult): JsonObject {
  const others = checks.filter(({ code, status }) => status === 'failed' && code !== failed?.code)
  return {
    details: settled(JSON.parse(JSON.stringify(failed?.error?.details ?? null))),
    ...(others.length > 0 && { others: others.map(({ code, error }) => `${code}: ${error?.code}`) }),
  }
}

/** Asserts that the refusal says what `vectors/attestation/refusals.json` says (`npm run refusals` writes it). */
export function expectFacts(group: string, title: string, result: AttestationResult): void {
  expect(factsOf(result)).toEqual(WRITTEN[group]?.[title])
}

function settled(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replaceAll(RANDOM, (digits) => `‹${digits.length / 2} bytes›`)
  if (Array.isArray(value)) return value.map(settled)
  if (typeof value !== 'object' || value === null) return value
  if ('identifier' in value && MADE_ANEW.has(value.identifier)) return { ...value, value: '‹16 bytes›' }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      COUNTS.has(name) && typeof member === 'number' && member >= MANY ? '‹many›' : settled(member),
    ]),
  )
}
