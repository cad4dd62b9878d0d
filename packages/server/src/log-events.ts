import type { IsolationLevel } from '@blindai/core'
import type { StoreEvent } from '@blindai/store'
import type { SchedulerEvent } from './scheduler/index.ts'

/** Everything that the server writes down. A closed set: an event that is not here does not compile, and is not written. */
export type LogEvent =
  | SchedulerEvent
  | StoreEvent
  | { readonly event: 'server-started'; readonly isolation: IsolationLevel; readonly unattestedClients: boolean }
  | { readonly event: 'server-draining' }
  | { readonly event: 'server-closed' }
  | { readonly event: 'memory-level'; readonly level: number; readonly mebibytes: number }
  | {
      readonly event: 'request'
      readonly requestId: string
      readonly method: string
      readonly route: string
      readonly status: number
      readonly code: string | null
      readonly ms: number
      readonly bytesIn: number | null
      readonly bytesOut: number | null
    }
  | {
      readonly event: 'request-failed'
      readonly requestId: string
      readonly status: number
      readonly code: string
      readonly cause: string
    }
  | { readonly event: 'answer-cut'; readonly cause: string }
  | { readonly event: 'unexpected-rejection'; readonly cause: string }
  | { readonly event: 'log-lines-dropped'; readonly lines: number }

/** What a member of an event may be: a kind, or one word of a list. */
export type MemberRule = MemberKind | readonly string[]

/** The kinds of members. None of them has room for a sentence, a name that somebody chose, or bytes of an input. */
export type MemberKind =
  | 'flag'
  | 'count'
  | 'count or null'
  | 'ms'
  | 'digest'
  | 'code'
  | 'code or null'
  | 'request id'
  | 'method'
  | 'route'
  | 'cause'

type Named<Name extends LogEvent['event']> = Extract<LogEvent, { readonly event: Name }>

/** The events with their members, as they are documented and as each line is checked. */
export type LogTable = {
  readonly [Name in LogEvent['event']]: {
    readonly says: string
    readonly members: { readonly [Member in Exclude<keyof Named<Name>, 'event'>]: MemberRule }
  }
}

type Check = (value: unknown) => boolean

const isFlag: Check = (value) => typeof value === 'boolean'
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isMs: Check = (value) => typeof value === 'number' && value >= 0 && value < 1e12
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const isCode = matches(/^[A-Z][A-Z0-9_]{0,63}$/)

const KINDS: { readonly [Kind in MemberKind]: Check } = {
  flag: isFlag,
  count: isCount,
  'count or null': orNull(isCount),
  ms: isMs,
  digest: matches(/^[0-9a-f]{64}$/),
  code: isCode,
  'code or null': orNull(isCode),
  'request id': matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  method: matches(/^(?:[A-Z]{1,10}|other)$/),
  route: matches(
    /^(?:none|\/|(?:\/[a-z0-9._-]+|\/\{\w+\})+|\/(?:inference|grpc)\.[a-z0-9.]*[A-Z][A-Za-z]{0,63}\/(?:[A-Za-z]{1,64}|\{method\}))$/,
  ),
  cause: matches(/^\w{1,64}(?: [A-Z][A-Z0-9_]{0,63})?(?: at [\w.:-]{1,64}:\d{1,6})?$/),
}

/** True when a value is what a rule allows. */
export function fits(rule: MemberRule, value: unknown): boolean {
  return typeof rule === 'string' ? KINDS[rule](value) : typeof value === 'string' && rule.includes(value)
}

// biome-ignore format: one event a row
export const LOG_EVENTS: LogTable = {
  'server-started': { says: 'it listens', members: { isolation: ['full', 'reduced', 'none'], unattestedClients: 'flag' } },
  'server-draining': { says: 'it is to end: not ready, and serving what is there', members: {} },
  'server-closed': { says: 'nothing is in flight, every engine is dead', members: {} },
  'memory-level': { says: 'the level of memory changed (0 to 3), at this reading', members: { level: 'count', mebibytes: 'count' } },
  request: {
    says: 'a request was answered; only with `requestLog`',
    members: {
      requestId: 'request id', method: 'method', route: 'route', status: 'count', code: 'code or null', ms: 'ms',
      bytesIn: 'count or null', bytesOut: 'count or null',
    },
  },
  'request-failed': {
    says: 'a request was answered with 500 or more',
    members: { requestId: 'request id', status: 'count', code: 'code', cause: 'cause' },
  },
  'answer-cut': { says: 'an answer that had begun could not be finished', members: { cause: 'cause' } },
  'unexpected-rejection': { says: 'something failed that nobody waited for; please report it', members: { cause: 'cause' } },
  'log-lines-dropped': { says: 'so many lines came faster than `maxLogLinesPerSecond`', members: { lines: 'count' } },
  'engine-started': { says: 'an engine has loaded its model', members: { model: 'digest', startMs: 'ms' } },
  'engine-failed': { says: 'an engine could not start', members: { model: 'digest' } },
  'engine-stopped': {
    says: 'an engine that had started is dead',
    members: { model: 'digest', reason: ['idle', 'evicted', 'released', 'cancelled', 'failed', 'exited'] },
  },
  'model-quarantined': { says: 'a model crashed twice for a tenant', members: { model: 'digest' } },
  'store-opened': { says: 'the sealed store is open', members: { models: 'count', generation: 'count' } },
  'store-leftovers-removed': { says: 'files of uploads that never ended are gone', members: { files: 'count' } },
  'model-damaged': {
    says: 'a sealed model is not what it was',
    members: { model: 'digest', code: 'code', movedAside: 'flag' },
  },
  'blob-left-behind': { says: 'the file of a deleted model, whose key is gone, could not be removed', members: { code: 'code' } },
}
