import {
  DEFAULT_LIMITS,
  encodeInferResponse,
  HEADER_LENGTH_HEADER,
  type InferRequest,
  type ProtocolLimits,
  parseHeaderLength,
  parseInferRequest,
  type RawTensor,
  type WantedOutputs,
} from '@blindai/protocol'
import { type InferenceService, rawRequestInput } from '../../inference/index.ts'
import { type ModelRecord, versionOf } from '../../models/index.ts'
import { type ApiResponse, type Call, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { BodyLease } from '../body-memory.ts'
import { isAsked, type ReceiptDesk } from '../receipt-desk.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'

/** What bounds a request, and an answer in JSON. */
export interface RequestLimits {
  readonly maxRequestBytes: number
  readonly maxJsonBytes: number
  readonly maxJsonTensorBytes: number
}

export interface InferenceServices {
  readonly inference: InferenceService
  readonly limits: RequestLimits
  readonly receipts: ReceiptDesk
}

const HEADER_LENGTH = HEADER_LENGTH_HEADER.toLowerCase()

/** Source: Open Inference Protocol v2 over HTTP, with the binary tensor data and model configuration extensions. */
export function inferenceRoutes({ inference, limits, receipts }: InferenceServices): Route[] {
  const server = (): ApiResponse => jsonResponse(200, inference.server())

  const metadata = (call: Call): ApiResponse =>
    jsonResponse(200, inference.metadata(call.tenant, modelOf(inference, call)))

  const config = (call: Call): ApiResponse => jsonResponse(200, inference.config(call.tenant, modelOf(inference, call)))

  function ready(call: Call): ApiResponse {
    const record = modelOf(inference, call)
    const isReady = inference.isReady(call.tenant, record)
    return jsonResponse(isReady ? 200 : 503, { name: inference.nameOf(call.tenant, record), ready: isReady })
  }

  async function infer(call: Call): Promise<ApiResponse> {
    const { request, tenant } = call
    isAsked(call)
    modelOf(inference, call)
    const headerLength = parseHeaderLength(header(request.headers, HEADER_LENGTH))
    const body = await call.readBody()
    // What was granted, shared or there when the request began may not be any more.
    const record = modelOf(inference, call)
    const response = await inference.serve(tenant, record, async (run) => {
      const asked = parseRequest(record, body, headerLength, limits, call.lease)
      const outputs = await run.perform(asked, { costBytes: body.byteLength, signal: request.signal })
      checkJsonOutputs(asked, outputs, limits.maxJsonTensorBytes)
      const id = asked.id === undefined ? {} : { id: asked.id }
      const modelVersion = call.params.version ?? String(versionOf(record))
      const answer = { modelName: inference.nameOf(tenant, record), modelVersion, ...id, outputs }
      return encodeInferResponse(answer, asked)
    })
    const headers: Record<string, string> = { 'content-type': response.contentType }
    if (response.headerLength !== undefined) headers[HEADER_LENGTH] = String(response.headerLength)
    return receipts.forRun(call, { status: 200, headers, body: response.parts }, { model: record, request: body })
  }

  const routes: Route[] = [{ method: 'GET', path: '/v2', access: 'tenant', maxBodyBytes: 0, handle: server }]
  for (const path of ['/v2/models/{model}', '/v2/models/{model}/versions/{version}']) {
    routes.push(
      { method: 'GET', path, access: 'tenant', maxBodyBytes: 0, handle: metadata },
      { method: 'GET', path: `${path}/config`, access: 'tenant', maxBodyBytes: 0, handle: config },
      { method: 'GET', path: `${path}/ready`, access: 'tenant', maxBodyBytes: 0, handle: ready },
      {
        method: 'POST',
        path: `${path}/infer`,
        access: 'tenant',
        maxBodyBytes: limits.maxRequestBytes,
        compresses: true,
        handle: infer,
      },
    )
  }
  return routes
}

/** The codec's limits; tensors are bounded by the body that they are in. */
export function protocolLimits({ maxRequestBytes, maxJsonBytes }: RequestLimits): ProtocolLimits {
  return { maxJsonBytes, maxItems: DEFAULT_LIMITS.maxItems, maxTensorBytes: maxRequestBytes }
}

/** A request whose JSON part has no bytes is one tensor, and wants all outputs as it came. */
function parseRequest(
  { description }: ModelRecord,
  body: Uint8Array,
  headerLength: number | undefined,
  limits: RequestLimits,
  lease: BodyLease,
): InferRequest {
  if (headerLength !== 0) return parseInferRequest(body, headerLength, protocolLimits(limits))
  return {
    inputs: [rawRequestInput(description.inputs, body, (bytes) => lease.growBody(bytes))],
    binaryOutputsByDefault: true,
  }
}

/** Writing numbers as text keeps everybody else waiting, so there is an end to it. */
function checkJsonOutputs(wanted: WantedOutputs, outputs: readonly RawTensor[], limit: number): void {
  let bytes = 0
  for (const { name, data } of outputs) {
    const isBinary = wanted.outputs?.find((output) => output.name === name)?.binary ?? wanted.binaryOutputsByDefault
    if (!isBinary) bytes += data.byteLength
  }
  if (bytes > limit) throw new ApiError('OUTPUT_TOO_LARGE_FOR_JSON', { limit })
}

function modelOf(inference: InferenceService, { params, tenant }: Call): ModelRecord {
  return inference.resolve(tenant, params.model ?? '', params.version)
}
