import {
  encodeGrpcInferResponse,
  encodeGrpcStreamResponse,
  type GrpcInferRequest,
  type InferResponse,
  parseGrpcInferRequest,
} from '@blindai/protocol'
import type { ApiResponse, Call } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import { publicError } from '../http/error-response.ts'
import { isAsked } from '../http/receipt-desk.ts'
import { protocolLimits } from '../http/routes/inference.ts'
import { urgencyOfParameters } from '../http/urgency.ts'
import { refuseUnsupported } from '../inference/index.ts'
import { type ModelRecord, versionOf } from '../models/index.ts'
import { SchedulerError } from '../scheduler/index.ts'
import { errorTrailers, framed, GRPC_HEADERS, grpcAnswer, OK_TRAILERS } from './answers.ts'
import { readCallOptions } from './call-options.ts'
import { duplexOf, MessageReader } from './message-reader.ts'
import type { GrpcServices } from './services.ts'

/** How long a client whose stream ends with a server that goes away waits before it comes back. */
const RETRY_AFTER_SECONDS = 1

/** How much time a call has left; undefined for as much as the server gives. @throws {SchedulerError} `DEADLINE_EXCEEDED`. */
type TimeLeft = () => number | undefined

/** `ModelInfer` and `ModelStreamInfer`. */
export function inferenceCalls(
  services: GrpcServices,
): Readonly<Record<'infer' | 'stream', (call: Call) => Promise<ApiResponse>>> {
  const { inference, bodies, receipts, limits, nowMs, isReady } = services

  async function infer(call: Call): Promise<ApiResponse> {
    isAsked(call)
    const { reader, timeLeft } = opened(call)
    const message = await reader.only((bytes) => call.lease.grow(bytes))
    call.confirm()
    const asked = parseGrpcInferRequest(message, protocolLimits(limits))
    const record = inference.resolve(call.tenant, asked.model, asked.version === '' ? undefined : asked.version)
    const answer = await run(call, asked, record, message.byteLength, timeLeft, encodeGrpcInferResponse)
    const response = { status: 200, headers: {}, body: answer }
    const { headers } = await receipts.forRun(call, response, { model: record, request: message })
    return grpcAnswer(answer, headers)
  }

  /**
   * Answers one request of a stream that was admitted; what is wrong with it is told there, and the stream goes on. What is
   * wrong with its sender ended the stream before.
   */
  async function answerTo(call: Call, message: Uint8Array, timeLeft: TimeLeft): Promise<readonly Uint8Array[]> {
    let id: string | undefined
    try {
      const asked = parseGrpcInferRequest(message, protocolLimits(limits))
      id = asked.id
      const record = inference.resolve(call.tenant, asked.model, asked.version === '' ? undefined : asked.version)
      return await run(call, asked, record, message.byteLength, timeLeft, (response) =>
        encodeGrpcStreamResponse({ response }),
      )
    } catch (cause) {
      if (call.request.signal.aborted) throw cause
      const error = publicError(cause)
      services.onFailure({ requestId: call.requestId, error, cause })
      return encodeGrpcStreamResponse({ error: `${error.code}: ${error.message}`, id })
    }
  }

  async function stream(call: Call): Promise<ApiResponse> {
    if (isAsked(call)) {
      throw new ApiError('HEADER_INVALID', { header: 'blindai-receipt', expected: 'absent for a stream' })
    }
    const { reader, timeLeft } = opened(call)
    let trailers = OK_TRAILERS

    async function* answers(): AsyncGenerator<Uint8Array> {
      const lease = bodies.lease(call.tenant.name)
      const onGrow = (bytes: number): void => lease.grow(bytes)
      try {
        for (;;) {
          const idleUntilMs = nowMs() + limits.connectionIdleMs
          const checkIdle = (): void => {
            if (nowMs() > idleUntilMs) throw new ApiError('BODY_TOO_SLOW', { received: 0 })
            checkGoesOn(timeLeft)
          }
          const message = await reader.next({ onBegin: () => call.readmit(), onGrow, checkIdle })
          if (message === undefined) return
          call.confirm()
          const answer = framed(await answerTo(call, message, timeLeft))
          for (const piece of answer) lease.grow(piece.byteLength)
          yield* answer
          lease.end()
          checkGoesOn(timeLeft)
        }
      } catch (cause) {
        const error = publicError(cause)
        services.onFailure({ requestId: call.requestId, error, cause })
        trailers = errorTrailers(error)
      } finally {
        lease.end()
      }
    }

    return { status: 200, headers: GRPC_HEADERS, body: answers(), trailers: () => trailers, isDuplex: true }
  }

  async function run<T>(
    call: Call,
    asked: GrpcInferRequest,
    record: ModelRecord,
    costBytes: number,
    timeLeft: TimeLeft,
    encode: (response: InferResponse) => T,
  ): Promise<T> {
    const { tenant, request } = call
    return inference.serve(tenant, record, async ({ perform }) => {
      refuseUnsupported(asked)
      const { timeoutMs: askedMs = Number.POSITIVE_INFINITY, ...urgency } = urgencyOfParameters(asked.parameters)
      const timeoutMs = Math.min(askedMs, timeLeft() ?? Number.POSITIVE_INFINITY)
      const how = { ...urgency, ...(timeoutMs < limits.requestDeadlineMs && { timeoutMs }) }
      const names = asked.outputs?.map((output) => output.name)
      const outputs = await perform(asked.inputs, names, { ...how, costBytes, signal: request.signal })
      return encode({
        modelName: inference.nameOf(tenant, record),
        modelVersion: asked.version === '' ? String(versionOf(record)) : asked.version,
        ...(asked.id === undefined ? {} : { id: asked.id }),
        outputs,
      })
    })
  }

  /** @throws {SchedulerError} `DEADLINE_EXCEEDED`, `SERVER_DRAINING`. */
  function checkGoesOn(timeLeft: TimeLeft): void {
    timeLeft()
    if (!isReady()) throw new SchedulerError('SERVER_DRAINING', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }

  /** The messages of a call, and how much time it has left from now. @throws {ApiError} as `readCallOptions`. */
  function opened(call: Call): { readonly reader: MessageReader; readonly timeLeft: TimeLeft } {
    const { timeoutMs, encoding } = readCallOptions(call.request.headers)
    const { maxRequestBytes: maxMessageBytes, maxDecompressionRatio } = limits
    const reader = new MessageReader(duplexOf(call), { maxMessageBytes, maxDecompressionRatio, encoding })
    return { reader, timeLeft: timeLeftOf(timeoutMs) }
  }

  function timeLeftOf(timeoutMs: number | undefined): TimeLeft {
    if (timeoutMs === undefined) return () => undefined
    const untilMs = nowMs() + timeoutMs
    return () => {
      const leftMs = untilMs - nowMs()
      if (leftMs > 0) return leftMs
      throw new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: Math.round(timeoutMs) })
    }
  }

  return { infer, stream }
}
