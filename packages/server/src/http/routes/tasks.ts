import { encodeTaskResponse, HEADER_LENGTH_HEADER, parseHeaderLength, parseTaskRequest } from '@blindai/protocol'
import type { InferenceService } from '../../inference/index.ts'
import type { ModelRepository } from '../../models/index.ts'
import type { Scheduler } from '../../scheduler/index.ts'
import type { ApiResponse, Call } from '../api.ts'
import { isAsked, type ReceiptDesk } from '../receipt-desk.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'
import { urgencyOfHeaders } from '../urgency.ts'
import { protocolLimits, type RequestLimits } from './inference.ts'

export interface TaskServices {
  readonly models: ModelRepository
  readonly scheduler: Scheduler
  readonly inference: InferenceService
  readonly limits: RequestLimits
  readonly receipts: ReceiptDesk
}

const HEADER_LENGTH = HEADER_LENGTH_HEADER.toLowerCase()

/** Texts, pictures and recordings in, Hugging Face's shapes out. What is in them only the engine looks at. */
export function taskRoutes({ models, scheduler, inference, limits, receipts }: TaskServices): Route[] {
  async function run(call: Call): Promise<ApiResponse> {
    const { request, tenant } = call
    isAsked(call)
    const task = call.params.task ?? ''
    const headerLength = parseHeaderLength(header(request.headers, HEADER_LENGTH))
    const sent = await call.readBody()
    const asked = parseTaskRequest(sent, headerLength, protocolLimits(limits))
    const record = models.resolve(tenant.name, asked.model)
    const urgency = urgencyOfHeaders(request.headers)
    const outputs = await inference.loaded.use(record, (model) =>
      scheduler.perform(
        { tenant: tenant.name, model, costBytes: sent.byteLength, signal: request.signal, ...urgency },
        (engine, options) => engine.run(task, asked.inputs, asked.parameters, options),
      ),
    )
    const body = encodeTaskResponse({ model: record.sha256, task, outputs })
    const response = { status: 200, headers: { 'content-type': 'application/json' }, body: [body] }
    return receipts.forRun(call, response, { model: record, task, request: sent })
  }

  return [
    {
      method: 'POST',
      path: '/v1/tasks/{task}',
      access: 'tenant',
      maxBodyBytes: limits.maxRequestBytes,
      compresses: true,
      handle: run,
    },
  ]
}
