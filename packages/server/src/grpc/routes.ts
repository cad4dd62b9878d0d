import {
  encodeGrpcModelConfig,
  encodeGrpcModelMetadata,
  encodeGrpcReady,
  encodeGrpcRepositoryIndex,
  encodeGrpcServerMetadata,
  parseGrpcEmpty,
  parseGrpcModelReference,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
} from '@blindai/protocol'
import type { ApiResponse, Call } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import type { Access, Route } from '../http/router.ts'
import { controlled, refuseParameters } from '../http/routes/repository.ts'
import { grpcAnswer } from './answers.ts'
import { readCallOptions } from './call-options.ts'
import { SERVICE_PATH } from './front.ts'
import { inferenceCalls } from './inference-calls.ts'
import { duplexOf, MessageReader } from './message-reader.ts'
import type { GrpcServices } from './services.ts'
import { encodeStatistics } from './statistics.ts'

/** Of Triton's methods those that are not served; who asks is told so by name. */
const EXTENSIONS: readonly (readonly [extension: string, methods: readonly string[]])[] = [
  ['shared memory', ['SystemSharedMemoryStatus', 'SystemSharedMemoryRegister', 'SystemSharedMemoryUnregister']],
  ['CUDA shared memory', ['CudaSharedMemoryStatus', 'CudaSharedMemoryRegister', 'CudaSharedMemoryUnregister']],
  ['trace', ['TraceSetting']],
  ['logging', ['LogSettings']],
]

/** Requests that name what they want in a few words. */
const SMALL_MESSAGES = { maxMessageBytes: 64 * 1024, maxDecompressionRatio: 1 }

const NOTHING = new Uint8Array(0)

/** Answers one message with one. */
type Answer = (call: Call, message: Uint8Array) => Uint8Array | Promise<Uint8Array>

/**
 * The methods of `inference.GRPCInferenceService`: the Open Inference Protocol v2, and of Triton's extensions streams,
 * configuration, statistics and the repository. Who may call what is as over HTTP.
 */
export function grpcRoutes(services: GrpcServices): Route[] {
  const { inference, models, isReady } = services
  const { infer, stream } = inferenceCalls(services)

  const metadata: Answer = ({ tenant }, message) => {
    const { model, version } = referenceOf(message)
    return encodeGrpcModelMetadata(inference.metadata(tenant, inference.resolve(tenant, model, version)))
  }
  const ready: Answer = ({ tenant }, message) => {
    const { model, version } = referenceOf(message)
    return encodeGrpcReady(inference.isReady(tenant, inference.resolve(tenant, model, version)))
  }
  const config: Answer = ({ tenant }, message) => {
    const { model, version } = referenceOf(message)
    return encodeGrpcModelConfig(inference.config(tenant, inference.resolve(tenant, model, version)))
  }
  const statistics: Answer = ({ tenant }, message) => {
    const { model, version } = referenceOf(message)
    return encodeStatistics(inference.statistics(tenant, model === '' ? undefined : model, version))
  }
  const index: Answer = ({ tenant }, message) =>
    encodeGrpcRepositoryIndex(inference.repositoryIndex(tenant, parseGrpcRepositoryIndexRequest(message).onlyReady))
  const load: Answer = async (call, message) => {
    const { model, parameters } = parseGrpcRepositoryModelRequest(message)
    const records = controlled(models, { ...call, params: { model } })
    refuseParameters({ parameters: namesOnly(parameters) }, [])
    await inference.load(call.tenant, records)
    return NOTHING
  }
  const unload: Answer = async (call, message) => {
    const { model, parameters } = parseGrpcRepositoryModelRequest(message)
    const records = controlled(models, { ...call, params: { model } })
    refuseParameters({ parameters: namesOnly(parameters) }, ['unload_dependents'])
    await inference.unload(records)
    return NOTHING
  }

  return [
    unary(
      'ServerLive',
      'public',
      withoutFields(() => encodeGrpcReady(true)),
    ),
    unary(
      'ServerReady',
      'public',
      withoutFields(() => encodeGrpcReady(isReady())),
    ),
    unary(
      'ServerMetadata',
      'tenant',
      withoutFields(() => encodeGrpcServerMetadata(inference.server())),
    ),
    unary('ModelReady', 'tenant', ready),
    unary('ModelMetadata', 'tenant', metadata),
    unary('ModelConfig', 'tenant', config),
    unary('ModelStatistics', 'tenant', statistics),
    unary('RepositoryIndex', 'tenant', index),
    unary('RepositoryModelLoad', 'owner', load),
    unary('RepositoryModelUnload', 'owner', unload),
    route('ModelInfer', 'tenant', infer),
    route('ModelStreamInfer', 'tenant', stream),
    ...EXTENSIONS.flatMap(([extension, methods]) =>
      methods.map((method) => ({
        ...route(method, 'tenant', () => {
          throw new ApiError('EXTENSION_UNSUPPORTED', { extension })
        }),
        readsAtMostBytes: 0,
      })),
    ),
  ]
}

/** A method whose messages are small, so that it is answered however low memory is. */
function unary(method: string, access: Access, answer: Answer): Route {
  const handle = async (call: Call): Promise<ApiResponse> => {
    const { encoding } = readCallOptions(call.request.headers)
    const reader = new MessageReader(duplexOf(call), { ...SMALL_MESSAGES, encoding })
    const message = await reader.only((bytes) => call.lease.grow(bytes))
    return grpcAnswer([await answer(call, message)])
  }
  return { ...route(method, access, handle), readsAtMostBytes: SMALL_MESSAGES.maxMessageBytes }
}

/** Bodies are read by the method, which bounds each message before it is kept. */
function route(method: string, access: Access, handle: (call: Call) => Promise<ApiResponse> | ApiResponse): Route {
  return { method: 'POST', path: `${SERVICE_PATH}/${method}`, access, maxBodyBytes: 'stream', handle }
}

function withoutFields(answer: () => Uint8Array): Answer {
  return (_, message) => {
    parseGrpcEmpty(message)
    return answer()
  }
}

function referenceOf(message: Uint8Array): { readonly model: string; readonly version: string | undefined } {
  const { model, version } = parseGrpcModelReference(message)
  return { model, version: version === '' ? undefined : version }
}

function namesOnly(parameters: readonly string[]): Record<string, true> {
  return Object.fromEntries(parameters.map((name) => [name, true]))
}
