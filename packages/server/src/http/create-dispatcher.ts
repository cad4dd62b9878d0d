import type { ChannelSigner, OhttpGateway } from '@blindai/channel'
import { toHex, type UnixSeconds } from '@blindai/core'
import type { Attester } from '../attester/index.ts'
import type { ServerLimits } from '../config-limits.ts'
import { grpcError } from '../grpc/answers.ts'
import { type Dispatch, grpcFront, isGrpcPath, notGrpcRoutes } from '../grpc/front.ts'
import { grpcRoutes } from '../grpc/routes.ts'
import type { InferenceService } from '../inference/index.ts'
import type { MemoryPressure } from '../memory-ladder.ts'
import type { ModelLibrary, ModelRepository } from '../models/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { TenantDirectory, TenantMeter } from '../tenants/index.ts'
import { BodyMemory } from './body-memory.ts'
import { type Answered, Dispatcher, type RequestFailure } from './dispatcher.ts'
import { OperationLedger } from './operation-ledger.ts'
import { ReceiptDesk } from './receipt-desk.ts'
import { type Route, Router } from './router.ts'
import { attestationRoutes } from './routes/attestation.ts'
import { healthRoutes } from './routes/health.ts'
import { inferenceRoutes } from './routes/inference.ts'
import { keyRoutes } from './routes/keys.ts'
import { modelRoutes } from './routes/models.ts'
import { obliviousRoutes } from './routes/oblivious.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { repositoryRoutes } from './routes/repository.ts'
import { taskRoutes } from './routes/tasks.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { unsupportedRoutes } from './routes/unsupported.ts'

/** Everything that the routes stand on. */
export interface HttpServices {
  readonly attester: Attester
  readonly signer: ChannelSigner
  /** Signs receipts. */
  readonly receiptSigner: ChannelSigner
  readonly clock: () => UnixSeconds
  readonly gateway: OhttpGateway
  readonly tenants: TenantDirectory
  readonly meter: TenantMeter
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly scheduler: Scheduler
  readonly pressure: MemoryPressure
  readonly inference: InferenceService
  readonly limits: ServerLimits
  readonly unattestedClients: boolean
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly isReady: () => boolean
  /** True once the notice of a server that goes away is over. */
  readonly isEnding: () => boolean
  readonly onAnswered?: (answered: Answered) => void
  readonly onFailure: (failure: RequestFailure) => void
  /** Told of the code of what was refused inside of a stream that goes on. */
  readonly onRefused?: (code: string) => void
}

/** All routes of both protocols, behind the same checks. */
export function createDispatcher(services: HttpServices): {
  /** Of both protocols. */
  readonly routes: readonly Route[]
  /** Without what only says that a path is gRPC's, which is no part of the interface. */
  readonly httpRoutes: readonly Route[]
  readonly dispatch: Dispatch
} {
  const { limits, models, scheduler, inference } = services
  const receipts = new ReceiptDesk({
    sign: (message) => services.receiptSigner.sign(message),
    statementSha256: toHex(services.attester.statementSha256),
    clock: services.clock,
  })
  const operations = new OperationLedger(limits, services.nowMs)
  const router = new Router([
    ...healthRoutes(services.isReady),
    ...attestationRoutes(services),
    ...inferenceRoutes({ inference, limits, receipts }),
    ...repositoryRoutes({ models, inference }),
    ...unsupportedRoutes(),
    ...notGrpcRoutes(),
    ...openApiRoutes(),
    ...taskRoutes({ models, scheduler, inference, limits, receipts }),
    ...modelRoutes({ ...services, receipts }),
    ...tenantRoutes({ ...services, operations }),
    ...keyRoutes(services),
    ...obliviousRoutes({ gateway: services.gateway, dispatch: (request) => dispatcher.dispatch(request) }),
  ])
  const bodies = new BodyMemory(limits)
  const checks = {
    tenants: services.tenants,
    meter: services.meter,
    bodies,
    operations,
    pressure: services.pressure,
    coding: limits,
    unattestedClients: services.unattestedClients,
    nowMs: services.nowMs,
    ...(services.onAnswered === undefined ? {} : { onAnswered: services.onAnswered }),
    onFailure: services.onFailure,
  }
  const dispatcher: Dispatcher = new Dispatcher({ ...checks, router })
  const grpcRouter = new Router(grpcRoutes({ ...services, bodies, receipts }))
  const grpc = new Dispatcher({ ...checks, router: grpcRouter, answerError: grpcError })
  return {
    routes: [...dispatcher.routes, ...grpc.routes],
    httpRoutes: dispatcher.routes.filter(({ path }) => !isGrpcPath(path)),
    dispatch: grpcFront({
      http: (request) => dispatcher.dispatch(request),
      grpc: (request) => grpc.dispatch(request),
    }),
  }
}
