import { encodeTaskResponse, HEADER_LENGTH_HEADER, parseHeaderLength, parseTaskRequest } from '@blindai/protocol'
import type { ModelRepository } from '../../models/index.ts'
import type { Scheduler } from '../../scheduler/index.ts'
import { type ApiResponse, type Call, jsonBytesResponse } from '../api.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'
import { protocolLimits, type RequestLimits, scheduled } from './inference.ts'

export interface TaskServices {
  readonly models: ModelRepository
  readonly scheduler: Scheduler
  readonly limits: RequestLimits
}

const HEADER_LENGTH = HEADER_LENGTH_HEADER.toLowerCase()

/** Texts, pictures and recordings in, Hugging Face's shapes out. What is in them only the engine looks at. */
export function taskRoutes({ models, scheduler, limits }: TaskServices): Route[] {
  async function run(call: Call): Promise<ApiResponse> {
    const { request, tenant } = call
    const task = call.params.task ?? ''
    const headerLength = parseHeaderLength(header(request.headers, HEADER_LENGTH))
    const body = await call.readBody()
    const asked = parseTaskRequest(body, headerLength, protocolLimits(limits))
    const record = models.resolve(tenant.name, asked.model)
    const outputs = await scheduler.perform(
      { tenant: tenant.name, model: scheduled(models, record), costBytes: body.byteLength, signal: request.signal },
      (engine, options) => engine.run(task, asked.inputs, asked.parameters, options),
    )
    return jsonBytesResponse(200, encodeTaskResponse({ model: record.sha256, task, outputs }))
  }

  return [
    { method: 'POST', path: '/v1/tasks/{task}', access: 'tenant', maxBodyBytes: limits.maxRequestBytes, handle: run },
  ]
}
