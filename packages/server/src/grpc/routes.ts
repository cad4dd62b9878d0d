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
import { ApiError } from '../http/api-error.ts'
import type { Route } from '../http/router.ts'
import { controlled, refuseParameters } from '../http/routes/repository.ts'
import { SERVICE_PATH } from './front.ts'
import { healthRoutes } from './health.ts'
import { inferenceCalls } from './inference-calls.ts'
import { type Answer, method, unary } from './methods.ts'
import { reflectionRoutes } from './reflection.ts'
import type { GrpcServices } from './services.ts'
import { encodeStatistics } from './statistics.ts'

/** Of Triton's methods those that are not served; who asks is told so by name. */
const EXTENSIONS: readonly (readonly [extension: string, methods: readonly string[]])[] = [
  ['shared memory', ['SystemSharedMemoryStatus', 'SystemSharedMemoryRegister', 'SystemSharedMemoryUnregister']],
  ['CUDA shared memory', ['CudaSharedMemoryStatus', 'CudaSharedMemoryRegister', 'CudaSharedMemoryUnregister']],
  ['trace', ['TraceSetting']],
  ['logging', ['LogSettings']],
]

const NOTHING = new Uint8Array(0)

/**
 * The methods of `inference.GRPCInferenceService`: the Open Inference Protocol v2, and of Triton's extensions streams,
 * configuration, statistics and the repository; and gRPC's own for health and reflection. Who may call what is as over HTTP.
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
      pathOf('ServerLive'),
      'public',
      withoutFields(() => encodeGrpcReady(true)),
    ),
    unary(
      pathOf('ServerReady'),
      'public',
      withoutFields(() => encodeGrpcReady(isReady())),
    ),
    unary(
      pathOf('ServerMetadata'),
      'tenant',
      withoutFields(() => encodeGrpcServerMetadata(inference.server())),
    ),
    unary(pathOf('ModelReady'), 'tenant', ready),
    unary(pathOf('ModelMetadata'), 'tenant', metadata),
    unary(pathOf('ModelConfig'), 'tenant', config),
    unary(pathOf('ModelStatistics'), 'tenant', statistics),
    unary(pathOf('RepositoryIndex'), 'tenant', index),
    { ...unary(pathOf('RepositoryModelLoad'), 'owner', load), startsWork: true },
    unary(pathOf('RepositoryModelUnload'), 'owner', unload),
    method(pathOf('ModelInfer'), 'tenant', infer),
    method(pathOf('ModelStreamInfer'), 'tenant', stream),
    ...EXTENSIONS.flatMap(([extension, methods]) =>
      methods.map((name) => ({
        ...method(pathOf(name), 'tenant', () => {
          throw new ApiError('EXTENSION_UNSUPPORTED', { extension })
        }),
        readsAtMostBytes: 0,
      })),
    ),
    ...healthRoutes(isReady),
    ...reflectionRoutes(services),
  ]
}

function pathOf(name: string): string {
  return `${SERVICE_PATH}/${name}`
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
