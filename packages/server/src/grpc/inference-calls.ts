import {
  encodeGrpcInferResponse,
  encodeGrpcStreamResponse,
  type GrpcInferRequest,
  type InferResponse,
  parseGrpcInferRequest,
} from '@blindai/protocol'
import type { ApiResponse, Call } from '../http/api.ts'
import { publicError } from '../http/error-response.ts'
import { isAsked } from '../http/receipt-desk.ts'
import { protocolLimits } from '../http/routes/inference.ts'
import type { StreamReceipt } from '../http/stream-receipt.ts'
import { type ModelRecord, versionOf } from '../models/index.ts'
import { grpcAnswer } from './answers.ts'
import { messageStream } from './message-stream.ts'
import { openCall, type TimeLeft } from './open-call.ts'
import type { GrpcServices } from './services.ts'

/** `ModelInfer` and `ModelStreamInfer`. */
export function inferenceCalls(
  services: GrpcServices,
): Readonly<Record<'infer' | 'stream', (call: Call) => Promise<ApiResponse>>> {
  const { inference, receipts, limits, nowMs } = services
  const { maxRequestBytes: maxMessageBytes, maxDecompressionRatio } = limits
  const bounds = { maxMessageBytes, maxDecompressionRatio }

  async function infer(call: Call): Promise<ApiResponse> {
    isAsked(call)
    const { reader, timeLeft } = openCall(call, bounds, nowMs)
    const message = await reader.only((bytes) => call.lease.growBody(bytes))
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
  async function answerTo(
    call: Call,
    message: Uint8Array,
    timeLeft: TimeLeft,
    receipt: StreamReceipt | undefined,
  ): Promise<readonly Uint8Array[]> {
    let id: string | undefined
    try {
      const asked = parseGrpcInferRequest(message, protocolLimits(limits))
      id = asked.id
      const record = inference.resolve(call.tenant, asked.model, asked.version === '' ? undefined : asked.version)
      receipt?.runs(record)
      return await run(call, asked, record, message.byteLength, timeLeft, (response) =>
        encodeGrpcStreamResponse({ response }),
      )
    } catch (cause) {
      if (call.request.signal.aborted) throw cause
      const error = publicError(cause)
      services.onFailure({ requestId: call.requestId, error, cause })
      services.onRefused?.(error.code)
      return encodeGrpcStreamResponse({ error: `${error.code}: ${error.message}`, id })
    }
  }

  async function stream(call: Call): Promise<ApiResponse> {
    const receipt = receipts.forStream(call)
    return messageStream(services, call, {
      bounds,
      async answerTo(message, timeLeft) {
        const response = await answerTo(call, message, timeLeft, receipt)
        receipt?.add([message], response)
        return response
      },
      ...(receipt && { endTrailers: () => receipt.trailers() }),
    })
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
      const timeoutMs = timeLeft()
      const how = { costBytes, signal: request.signal, ...(timeoutMs !== undefined && { timeoutMs }) }
      const outputs = await perform(asked, how)
      return encode({
        modelName: inference.nameOf(tenant, record),
        modelVersion: asked.version === '' ? String(versionOf(record)) : asked.version,
        ...(asked.id === undefined ? {} : { id: asked.id }),
        outputs,
      })
    })
  }

  return { infer, stream }
}
