import { basename } from 'node:path'
import type { IsolationLevel } from '@blindai/core'
import type { StoreEvent } from '@blindai/store'
import type { SchedulerEvent } from './scheduler/index.ts'

/**
 * Everything that the server writes down: one JSON object a line, of a closed set of events. A line holds codes, digests
 * of models, durations and request ids; nothing of a request or an answer, no key, no name that a caller chose.
 */
export type LogEvent =
  | SchedulerEvent
  | StoreEvent
  | { readonly event: 'server-started'; readonly isolation: IsolationLevel; readonly unattestedClients: boolean }
  | { readonly event: 'server-draining' }
  | { readonly event: 'server-closed' }
  | { readonly event: 'memory-level'; readonly level: number; readonly mebibytes: number }
  | {
      readonly event: 'request-failed'
      readonly requestId: string
      readonly status: number
      readonly code: string
      readonly cause: string
    }
  | { readonly event: 'answer-cut'; readonly cause: string }
  | { readonly event: 'unexpected-rejection'; readonly cause: string }

export type Log = (event: LogEvent) => void

/** A log of JSON lines. */
export function createLineLog(write: (line: string) => void, now: () => Date): Log {
  return (event) => write(`${JSON.stringify({ time: now().toISOString(), ...event })}\n`)
}

/** A log to standard error. */
export function createStderrLog(): Log {
  return createLineLog(
    (line) => process.stderr.write(line),
    () => new Date(),
  )
}

/** What may be written of an error: its name and code, and where it was thrown; never its message. */
export function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const frame = /\(?([^\s()]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1]
  return `${error.name}${code}${frame === undefined ? '' : ` at ${basename(frame)}`}`
}
