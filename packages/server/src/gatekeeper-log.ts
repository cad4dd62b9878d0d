import { basename } from 'node:path'
import { fits, LOG_EVENTS, type LogEvent, type MemberRule } from './log-events.ts'

export type { LogEvent } from './log-events.ts'

/** A log takes events; it never throws. */
export type Log = (event: LogEvent) => void

/** What stands where a member is not what its rule allows. */
const UNFIT = '?'

/** So many seconds of lines may come at once. */
const BURST_SECONDS = 10

/**
 * A log of JSON lines, of a closed set of events (`log-events.ts`). Members that the table does not know are left away, and one
 * that is not as its rule says is written as "?": a line holds codes, digests of models, durations and request ids, whatever
 * it was called with.
 *
 * @param linesPerSecond - lines beyond this are dropped and counted, so that nobody fills a disk by being refused.
 */
export function createLineLog(
  write: (line: string) => void,
  now: () => Date,
  linesPerSecond: number = Number.POSITIVE_INFINITY,
): Log {
  const capacity = linesPerSecond * BURST_SECONDS
  let allowance = capacity
  let dropped = 0
  let filledAt = now().getTime()
  const writeNow = (event: LogEvent, time: Date): void => write(`${JSON.stringify(lineOf(event, time))}\n`)
  return (event) => {
    const time = now()
    const elapsedMs = Math.max(0, time.getTime() - filledAt)
    filledAt = time.getTime()
    if (capacity < Number.POSITIVE_INFINITY) {
      allowance = Math.min(capacity, allowance + (linesPerSecond * elapsedMs) / 1000)
    }
    // The server's own life is a few lines, and the last of them says what is missing.
    if (allowance < 2 && !event.event.startsWith('server-')) {
      dropped++
      return
    }
    if (dropped > 0) {
      writeNow({ event: 'log-lines-dropped', lines: dropped }, time)
      dropped = 0
      allowance--
    }
    allowance--
    writeNow(event, time)
  }
}

/** A log to standard error. */
export function createStderrLog(linesPerSecond?: number): Log {
  return createLineLog(
    (line) => process.stderr.write(line),
    () => new Date(),
    linesPerSecond,
  )
}

function lineOf(event: LogEvent, time: Date): object {
  const rules: Readonly<Record<string, MemberRule>> = LOG_EVENTS[event.event].members
  const given: Readonly<Record<string, unknown>> = { ...event }
  const members = Object.entries(rules).map(([member, rule]) => {
    const value = given[member]
    return [member, fits(rule, value) ? value : UNFIT] as const
  })
  return { time: time.toISOString(), event: event.event, ...Object.fromEntries(members) }
}

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/

/** What may be written of an error: its name and code, and where it was thrown; never its message. */
export function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' && CODE.test(error.code) ? ` ${error.code}` : ''
  const place = placeOf(error)
  return `${error.name}${code}${place === undefined ? '' : ` at ${basename(place)}`}`
}

/** One line of a stack: an indent, "at", a name that is not looked at, and the place. */
const FRAME = /^ {4}at (?:.* )?\(?([^\s()]+:\d+):\d+\)?$/

/**
 * The first place in the frames of a stack. It begins with the message, which may hold lines that look like frames: the
 * frames follow it without a line between, and where it is not found they cannot be told apart.
 */
function placeOf({ message, stack = '' }: Error): string | undefined {
  const at = stack.indexOf(message)
  if (at < 0) return undefined
  const [, ...lines] = stack.slice(at + message.length).split('\n')
  for (const line of lines) {
    if (!line.startsWith('    at ')) return undefined
    const place = FRAME.exec(line)?.[1]
    if (place !== undefined) return place
  }
  return undefined
}
