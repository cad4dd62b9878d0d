/// <reference types="vite/client" />

import { concatBytes, fromHex } from '@blindai/core'
import catalogue from '../../../../vectors/attestation/event-logs/replays.json' with { type: 'json' }
import type { EventLogKind } from '../../src/formats/event-log/event-log.ts'
import type { HashName } from '../../src/formats/event-log/hash-algorithms.ts'

const BINARY: Readonly<Record<string, string>> = import.meta.glob(
  ['../../../../vectors/attestation/event-logs/*.bin', '../../../../vectors/measure/*.bin'],
  { query: '?url&inline', import: 'default', eager: true },
)
const TEXT: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/measure/*.{json,snap}', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** The bytes of a log; the path is from `vectors/`. */
export function logFile(path: string): Uint8Array {
  const url = BINARY[`../../../../vectors/${path}`]
  if (url === undefined) throw new Error(`no such vector: ${path}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

/** A text of `vectors/measure`. */
export function measureText(name: string): string {
  const text = TEXT[`../../../../vectors/measure/${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  return text
}

type Registers = Readonly<Record<string, string>>

/** A log of a real machine, and what it replays to. */
export interface EventLogCase {
  readonly name: string
  readonly bytes: Uint8Array
  readonly kind: EventLogKind
  readonly expect: {
    readonly events: number
    readonly banks: readonly HashName[]
    readonly startupLocality?: number
    readonly paddingBytes?: number
    readonly registers: { readonly [Bank in HashName]?: Registers }
  }
}

/** A log with one thing changed, and the code that it is refused with. */
export interface MalformedLog {
  readonly name: string
  readonly base: Uint8Array
  readonly bytes: Uint8Array
  readonly kind: EventLogKind
  readonly code: string
}

interface Change {
  readonly keep?: number
  readonly at?: number
  readonly bytes?: string
  readonly append?: string
}

// Casts of data to data: the catalogue is ours.
export const eventLogCases: readonly EventLogCase[] = catalogue.cases.map(({ name, log, kind, expect }) => ({
  name,
  bytes: logFile(log),
  kind: kind as EventLogKind,
  expect: expect as EventLogCase['expect'],
}))

export const malformedLogs: readonly MalformedLog[] = catalogue.malformed.map((entry) => ({
  name: entry.name,
  base: logFile(entry.log),
  bytes: changed(logFile(entry.log), entry),
  kind: entry.kind as EventLogKind,
  code: entry.expect.code,
}))

/** The case whose name starts so. */
export function eventLogCase(start: string): EventLogCase {
  const found = eventLogCases.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such log: ${start}`)
  return found
}

function changed(original: Uint8Array, { keep, at, bytes = '', append = '' }: Change): Uint8Array {
  const kept = original.slice(0, keep)
  if (at !== undefined) kept.set(fromHex('change', bytes), at)
  return concatBytes(kept, fromHex('addition', append))
}
