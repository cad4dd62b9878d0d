import type { Call } from '../http/api.ts'
import { SchedulerError } from '../scheduler/index.ts'
import { readCallOptions } from './call-options.ts'
import { duplexOf, type MessageBounds, MessageReader } from './message-reader.ts'

/** How much time a call has left; undefined for as much as the server gives. @throws {SchedulerError} `DEADLINE_EXCEEDED`. */
export type TimeLeft = () => number | undefined

/** Messages that name what they want in a few words. */
export const SMALL_MESSAGES: Omit<MessageBounds, 'encoding'> = { maxMessageBytes: 64 * 1024, maxDecompressionRatio: 1 }

/** The messages of a call, and how much time it has left from now. @throws {ApiError} as `readCallOptions`. */
export function openCall(
  call: Call,
  bounds: Omit<MessageBounds, 'encoding'>,
  nowMs: () => number,
): { readonly reader: MessageReader; readonly timeLeft: TimeLeft } {
  const { timeoutMs, encoding } = readCallOptions(call.request.headers)
  const reader = new MessageReader(duplexOf(call), { ...bounds, encoding })
  return { reader, timeLeft: timeLeftOf(timeoutMs, nowMs) }
}

function timeLeftOf(timeoutMs: number | undefined, nowMs: () => number): TimeLeft {
  if (timeoutMs === undefined) return () => undefined
  const untilMs = nowMs() + timeoutMs
  return () => {
    const leftMs = untilMs - nowMs()
    if (leftMs > 0) return leftMs
    throw new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: Math.round(timeoutMs) })
  }
}
