import type { ServerLimits } from '../config-limits.ts'
import type { BodyMemory } from '../http/body-memory.ts'
import type { RequestFailure } from '../http/dispatcher.ts'
import type { ReceiptDesk } from '../http/receipt-desk.ts'
import type { InferenceService } from '../inference/index.ts'
import type { ModelRepository } from '../models/index.ts'

/** What the methods stand on. */
export interface GrpcServices {
  readonly inference: InferenceService
  readonly models: ModelRepository
  readonly bodies: BodyMemory
  readonly receipts: ReceiptDesk
  readonly limits: ServerLimits
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly isReady: () => boolean
  /** True once nothing new is served: streams end with the answer that they owe. */
  readonly isEnding: () => boolean
  readonly onFailure: (failure: RequestFailure) => void
  /** Told of the code of what was refused inside of a stream that goes on. */
  readonly onRefused?: (code: string) => void
}
