import type { ChannelSigner, OhttpGateway } from '@blindai/channel'
import { toHex, type UnixSeconds } from '@blindai/core'
import type { Attester } from '../attester/index.ts'
import type { ServerLimits } from '../config-limits.ts'
import type { MemoryPressure } from '../memory-ladder.ts'
import type { ModelLibrary, ModelRepository } from '../models/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { TenantDirectory, TenantMeter } from '../tenants/index.ts'
import { BodyMemory } from './body-memory.ts'
import { type Answered, Dispatcher, type RequestFailure } from './dispatcher.ts'
import { OperationLedger } from './operation-ledger.ts'
import { ReceiptDesk } from './receipt-desk.ts'
import { Router } from './router.ts'
import { attestationRoutes } from './routes/attestation.ts'
import { healthRoutes } from './routes/health.ts'
import { inferenceRoutes } from './routes/inference.ts'
import { keyRoutes } from './routes/keys.ts'
import { modelRoutes } from './routes/models.ts'
import { obliviousRoutes } from './routes/oblivious.ts'
import { taskRoutes } from './routes/tasks.ts'
import { tenantRoutes } from './routes/tenants.ts'

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
  readonly limits: ServerLimits
  readonly unattestedClients: boolean
  readonly software: { readonly name: string; readonly version: string }
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly isReady: () => boolean
  readonly onAnswered?: (answered: Answered) => void
  readonly onFailure: (failure: RequestFailure) => void
}

/** All routes behind one dispatcher. */
export function createDispatcher(services: HttpServices): Dispatcher {
  const { limits, models, scheduler } = services
  const receipts = new ReceiptDesk({
    sign: (message) => services.receiptSigner.sign(message),
    statementSha256: toHex(services.attester.statementSha256),
    clock: services.clock,
  })
  const router = new Router([
    ...healthRoutes(services.isReady),
    ...attestationRoutes(services),
    ...inferenceRoutes({ models, scheduler, limits, receipts, software: services.software }),
    ...taskRoutes({ models, scheduler, limits, receipts }),
    ...modelRoutes({ ...services, receipts }),
    ...tenantRoutes(services),
    ...keyRoutes(services),
    ...obliviousRoutes({ gateway: services.gateway, dispatch: (request) => dispatcher.dispatch(request) }),
  ])
  const dispatcher: Dispatcher = new Dispatcher({
    router,
    tenants: services.tenants,
    meter: services.meter,
    bodies: new BodyMemory(limits),
    operations: new OperationLedger(limits, services.nowMs),
    pressure: services.pressure,
    unattestedClients: services.unattestedClients,
    nowMs: services.nowMs,
    ...(services.onAnswered === undefined ? {} : { onAnswered: services.onAnswered }),
    onFailure: services.onFailure,
  })
  return dispatcher
}
