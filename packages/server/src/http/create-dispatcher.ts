import type { ChannelSigner, OhttpGateway } from '@blindai/channel'
import { toHex, type UnixSeconds } from '@blindai/core'
import type { Attester } from '../attester/index.ts'
import type { ServerLimits } from '../config-limits.ts'
import type { InferenceService } from '../inference/index.ts'
import type { ModelLibrary, ModelRepository } from '../models/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { TenantDirectory } from '../tenants/index.ts'
import { BodyMemory } from './body-memory.ts'
import { Dispatcher, type RequestFailure } from './dispatcher.ts'
import { OperationLedger } from './operation-ledger.ts'
import { ReceiptDesk } from './receipt-desk.ts'
import { Router } from './router.ts'
import { attestationRoutes } from './routes/attestation.ts'
import { healthRoutes } from './routes/health.ts'
import { inferenceRoutes } from './routes/inference.ts'
import { modelRoutes } from './routes/models.ts'
import { obliviousRoutes } from './routes/oblivious.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { repositoryRoutes } from './routes/repository.ts'
import { taskRoutes } from './routes/tasks.ts'
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
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly scheduler: Scheduler
  readonly inference: InferenceService
  readonly limits: ServerLimits
  readonly unattestedClients: boolean
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly isReady: () => boolean
  readonly onFailure: (failure: RequestFailure) => void
}

/** All routes behind one dispatcher. */
export function createDispatcher(services: HttpServices): Dispatcher {
  const { limits, models, scheduler, inference } = services
  const receipts = new ReceiptDesk({
    sign: (message) => services.receiptSigner.sign(message),
    statementSha256: toHex(services.attester.statementSha256),
    clock: services.clock,
  })
  const router = new Router([
    ...healthRoutes(services.isReady),
    ...attestationRoutes(services),
    ...inferenceRoutes({ inference, limits, receipts }),
    ...repositoryRoutes({ models, inference }),
    ...unsupportedRoutes(),
    ...openApiRoutes(),
    ...taskRoutes({ models, scheduler, inference, limits, receipts }),
    ...modelRoutes({ ...services, receipts }),
    ...obliviousRoutes({ gateway: services.gateway, dispatch: (request) => dispatcher.dispatch(request) }),
  ])
  const dispatcher: Dispatcher = new Dispatcher({
    router,
    tenants: services.tenants,
    bodies: new BodyMemory(limits),
    operations: new OperationLedger(limits, services.nowMs),
    coding: limits,
    unattestedClients: services.unattestedClients,
    onFailure: services.onFailure,
  })
  return dispatcher
}
