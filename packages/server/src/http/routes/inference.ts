import {
  BINARY_TENSOR_DATA_EXTENSION,
  DEFAULT_LIMITS,
  encodeInferResponse,
  HEADER_LENGTH_HEADER,
  type ModelMetadata,
  type ProtocolLimits,
  parseHeaderLength,
  parseInferRequest,
  type RawTensor,
  type ServerMetadata,
  type WantedOutputs,
} from '@blindai/protocol'
import { type ModelRecord, type ModelRepository, modelKey, nameFor } from '../../models/index.ts'
import type { ScheduledModel, Scheduler } from '../../scheduler/index.ts'
import { type ApiResponse, type Call, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { isAsked, type ReceiptDesk } from '../receipt-desk.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'
import { urgencyOfParameters } from '../urgency.ts'

/** What bounds a request, and an answer in JSON. */
export interface RequestLimits {
  readonly maxRequestBytes: number
  readonly maxJsonBytes: number
  readonly maxJsonTensorBytes: number
}

export interface InferenceServices {
  readonly models: ModelRepository
  readonly scheduler: Scheduler
  readonly limits: RequestLimits
  readonly receipts: ReceiptDesk
  readonly software: { readonly name: string; readonly version: string }
}

/** The version that every model has; its digest is the other name of it. */
const ONLY_VERSION = '1'

const HEADER_LENGTH = HEADER_LENGTH_HEADER.toLowerCase()

/** Source: Open Inference Protocol v2 over HTTP, with the binary tensor data extension. */
export function inferenceRoutes(services: InferenceServices): Route[] {
  const { models, scheduler, limits, receipts, software } = services
  const { maxRequestBytes } = limits

  function server(): ApiResponse {
    const metadata: ServerMetadata = {
      name: software.name,
      version: software.version,
      extensions: [BINARY_TENSOR_DATA_EXTENSION],
    }
    return jsonResponse(200, metadata)
  }

  function metadata(call: Call): ApiResponse {
    const record = modelOf(models, call)
    const metadata: ModelMetadata = {
      name: nameOf(call, record),
      versions: [ONLY_VERSION, record.sha256],
      platform: record.kind === 'onnx' ? 'onnxruntime_onnx' : 'huggingface_bundle',
      inputs: record.description.inputs,
      outputs: record.description.outputs,
    }
    return jsonResponse(200, metadata)
  }

  function ready(call: Call): ApiResponse {
    const record = modelOf(models, call)
    const isReady = !scheduler.isQuarantined(modelKey(record), call.tenant.name)
    return jsonResponse(isReady ? 200 : 503, { name: nameOf(call, record), ready: isReady })
  }

  async function infer(call: Call): Promise<ApiResponse> {
    const { request, tenant } = call
    isAsked(call)
    const record = modelOf(models, call)
    const headerLength = parseHeaderLength(header(request.headers, HEADER_LENGTH))
    const body = await call.readBody()
    const asked = parseInferRequest(body, headerLength, protocolLimits(limits))
    const names = asked.outputs?.map((output) => output.name)
    const urgency = urgencyOfParameters(asked.parameters)
    const job = { tenant: tenant.name, model: scheduled(models, record), costBytes: body.byteLength, ...urgency }
    const tensors = { inputs: asked.inputs, outputs: names }
    const outputs = await scheduler.perform({ ...job, tensors, signal: request.signal }, (engine, options) =>
      engine.infer(asked.inputs, names, options),
    )
    checkJsonOutputs(asked, outputs, limits.maxJsonTensorBytes)
    const id = asked.id === undefined ? {} : { id: asked.id }
    const answer = {
      modelName: nameOf(call, record),
      modelVersion: call.params.version ?? ONLY_VERSION,
      ...id,
      outputs,
    }
    const encoded = encodeInferResponse(answer, asked)
    const headers: Record<string, string> = { 'content-type': encoded.contentType }
    if (encoded.headerLength !== undefined) headers[HEADER_LENGTH] = String(encoded.headerLength)
    return receipts.forRun(call, { status: 200, headers, body: encoded.parts }, { model: record, request: body })
  }

  const routes: Route[] = [{ method: 'GET', path: '/v2', access: 'tenant', maxBodyBytes: 0, handle: server }]
  for (const path of ['/v2/models/{model}', '/v2/models/{model}/versions/{version}']) {
    routes.push(
      { method: 'GET', path, access: 'tenant', maxBodyBytes: 0, handle: metadata },
      { method: 'GET', path: `${path}/ready`, access: 'tenant', maxBodyBytes: 0, handle: ready },
      { method: 'POST', path: `${path}/infer`, access: 'tenant', maxBodyBytes: maxRequestBytes, handle: infer },
    )
  }
  return routes
}

/** The codec's limits; tensors are bounded by the body that they are in. */
export function protocolLimits({ maxRequestBytes, maxJsonBytes }: RequestLimits): ProtocolLimits {
  return { maxJsonBytes, maxItems: DEFAULT_LIMITS.maxItems, maxTensorBytes: maxRequestBytes }
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

/** The model as the scheduler wants it. */
export function scheduled(models: ModelRepository, record: ModelRecord): ScheduledModel {
  const allowsCrossTenantBatches = record.allowsCrossTenantBatches === true
  return { key: modelKey(record), source: models.open(record), allowsCrossTenantBatches }
}

/** What a model is called in answers. */
function nameOf({ tenant }: Call, record: ModelRecord): string {
  return nameFor(tenant.name, record) ?? record.sha256
}

function modelOf(models: ModelRepository, { params, tenant }: Call): ModelRecord {
  const record = models.resolve(tenant.name, params.model ?? '')
  const { version } = params
  if (version !== undefined && version !== ONLY_VERSION && version !== record.sha256) {
    throw new ApiError('VERSION_NOT_FOUND', {})
  }
  return record
}
