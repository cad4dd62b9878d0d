import { fromUtf8, type JsonObject, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import {
  type DurationStatistic,
  InferenceError,
  type InferenceService,
  type VersionStatistics,
} from '../../inference/index.ts'
import type { ModelRecord, ModelRepository } from '../../models/index.ts'
import { type ApiResponse, type Call, emptyResponse, jsonBytesResponse, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Route } from '../router.ts'

export interface RepositoryServices {
  readonly models: ModelRepository
  readonly inference: InferenceService
}

const REQUEST = 'repository request'

/** A request names what it wants in a few words; a model or a configuration does not come this way. */
const MAX_REQUEST_BYTES = 64 * 1024

/** Source: Triton's model repository and statistics extensions over HTTP. */
export function repositoryRoutes({ models, inference }: RepositoryServices): Route[] {
  async function index(call: Call): Promise<ApiResponse> {
    const { ready = false } = parseRequest(await call.readBody())
    if (typeof ready !== 'boolean') {
      throw new MalformedError('WRONG_TYPE', { field: `${REQUEST}.ready`, expected: 'true or false' })
    }
    const entries = inference.repositoryIndex(call.tenant, ready)
    return jsonBytesResponse(200, Buffer.from(JSON.stringify(entries)))
  }

  async function load(call: Call): Promise<ApiResponse> {
    controlled(models, call)
    refuseParameters(parseRequest(await call.readBody()), [])
    await inference.load(call.tenant, controlledNow(models, call))
    return emptyResponse(200)
  }

  async function unload(call: Call): Promise<ApiResponse> {
    controlled(models, call)
    // No model here is loaded for the sake of another, so this one may be true or false.
    refuseParameters(parseRequest(await call.readBody()), ['unload_dependents'])
    await inference.unload(controlledNow(models, call))
    return emptyResponse(200)
  }

  function statistics({ tenant, params }: Call): ApiResponse {
    const versions = inference.statistics(tenant, params.model, params.version)
    return jsonResponse(200, { model_stats: versions.map(statisticsJson) })
  }

  const read = { method: 'GET', access: 'tenant', maxBodyBytes: 0 } as const
  const order = { method: 'POST', maxBodyBytes: MAX_REQUEST_BYTES } as const
  return [
    { ...order, path: '/v2/repository/index', access: 'tenant', handle: index },
    { ...order, path: '/v2/repository/models/{model}/load', access: 'owner', startsWork: true, handle: load },
    { ...order, path: '/v2/repository/models/{model}/unload', access: 'owner', handle: unload },
    { ...read, path: '/v2/models/stats', handle: statistics },
    { ...read, path: '/v2/models/{model}/stats', handle: statistics },
    { ...read, path: '/v2/models/{model}/versions/{version}/stats', handle: statistics },
  ]
}

/** All versions of a name: engines are their owner's to start and stop, and an administrator's. */
export function controlled(models: ModelRepository, { tenant, params }: Call): readonly ModelRecord[] {
  const records = models.versions(tenant.name, params.model ?? '')
  const isControlled = tenant.role === 'admin' || records.every((record) => record.owner === tenant.name)
  if (!isControlled) throw new ApiError('FORBIDDEN', { needs: 'the owner of the model' })
  return records
}

/** As before the body came: models, grants and the role of who asks may have changed meanwhile. */
function controlledNow(models: ModelRepository, call: Call): readonly ModelRecord[] {
  return controlled(models, { ...call, tenant: call.confirm() })
}

/** The members of a request; one without a body has none. Unknown members are passed over, as the protocol has it. */
function parseRequest(body: Uint8Array): JsonObject {
  if (body.byteLength === 0) return {}
  const value = parseJson(REQUEST, fromUtf8(REQUEST, body))
  if (isObject(value)) return value
  throw new MalformedError('WRONG_TYPE', { field: REQUEST, expected: 'an object' })
}

export function refuseParameters({ parameters = {} }: JsonObject, known: readonly string[]): void {
  if (!isObject(parameters)) {
    throw new MalformedError('WRONG_TYPE', { field: `${REQUEST}.parameters`, expected: 'an object' })
  }
  for (const name of Object.keys(parameters)) {
    if (known.includes(name)) continue
    const isFile = name.startsWith('file:')
    throw new InferenceError('PARAMETER_UNSUPPORTED', {
      parameter: name === 'config' ? 'config' : isFile ? 'file:*' : 'of a name that is not known here',
    })
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Requests that share a run keep their own size, so that each is one inference; together they are one execution. */
function statisticsJson(statistics: VersionStatistics): object {
  const { success, fail, queue, computeInput, computeInfer, computeOutput } = statistics
  const compute = { compute_input: computeInput, compute_infer: computeInfer, compute_output: computeOutput }
  return {
    name: statistics.name,
    version: statistics.version,
    last_inference: statistics.lastInference * 1000,
    inference_count: success.count,
    execution_count: statistics.executions,
    inference_stats: { success, fail, queue, ...compute, cache_hit: NEVER, cache_miss: NEVER },
    batch_stats: computeInfer.count === 0 ? [] : [{ batch_size: 1, ...compute }],
  }
}

/** Answers are never kept for another request. */
const NEVER: DurationStatistic = { count: 0, ns: 0 }
