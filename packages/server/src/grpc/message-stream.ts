import { framed } from '@blindai/receipts'
import type { ApiResponse, Call } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import { type PublicError, publicError } from '../http/error-response.ts'
import { SchedulerError } from '../scheduler/index.ts'
import { errorTrailers, GRPC_HEADERS, OK_TRAILERS } from './answers.ts'
import type { MessageBounds } from './message-reader.ts'
import { openCall, type TimeLeft } from './open-call.ts'
import type { GrpcServices } from './services.ts'

/** How long a client whose stream ends with a server that goes away waits before it comes back. */
const RETRY_AFTER_SECONDS = 1

/** What a stream is for. */
export interface MessageStream {
  readonly bounds: Omit<MessageBounds, 'encoding'>
  /** Answers one message. What it throws ends the stream. */
  readonly answerTo: (message: Uint8Array, timeLeft: TimeLeft) => Promise<readonly Uint8Array[]>
  /** Trailers of a stream that its client ended. */
  readonly endTrailers?: () => Promise<Readonly<Record<string, string>>>
}

/**
 * A stream that answers each message before it reads the next. Each is admitted as a call of its own before it is kept; an
 * end that is not the client's is told in the trailers.
 *
 * @throws {ApiError} as `openCall`.
 */
export function messageStream(
  { bodies, limits, nowMs, isEnding, onFailure }: GrpcServices,
  call: Call,
  { bounds, answerTo, endTrailers }: MessageStream,
): ApiResponse {
  const { reader, timeLeft } = openCall(call, bounds, nowMs)
  let trailers = OK_TRAILERS
  let failure: PublicError | undefined

  async function* answers(): AsyncGenerator<Uint8Array> {
    const lease = bodies.lease(call.tenant.name)
    const onGrow = (bytes: number): void => lease.growBody(bytes)
    try {
      for (;;) {
        const idleUntilMs = nowMs() + limits.connectionIdleMs
        const checkIdle = (): void => {
          if (nowMs() > idleUntilMs) throw new ApiError('BODY_TOO_SLOW', { received: 0 })
          checkGoesOn()
        }
        const message = await reader.next({ onBegin: () => call.readmit(), onGrow, checkIdle })
        if (message === undefined) {
          if (endTrailers !== undefined) trailers = { ...trailers, ...(await endTrailers()) }
          return
        }
        call.confirm()
        const answer = framed(await answerTo(message, timeLeft))
        lease.growAnswer(answer.reduce((sum, { byteLength }) => sum + byteLength, 0))
        yield* answer
        lease.end()
        checkGoesOn()
      }
    } catch (cause) {
      const error = publicError(cause)
      onFailure({ requestId: call.requestId, error, cause })
      trailers = errorTrailers(error)
      failure = error
    } finally {
      lease.end()
    }
  }

  /** @throws {SchedulerError} `DEADLINE_EXCEEDED`, `SERVER_DRAINING`. */
  function checkGoesOn(): void {
    timeLeft()
    if (isEnding()) throw new SchedulerError('SERVER_DRAINING', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }

  return {
    status: 200,
    headers: GRPC_HEADERS,
    body: answers(),
    trailers: () => trailers,
    isDuplex: true,
    failure: () => failure,
  }
}
