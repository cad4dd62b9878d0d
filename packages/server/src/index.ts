export {
  type AnyAttesterError,
  ATTESTER_CATALOGUE,
  type Attester,
  AttesterError,
  type AttesterErrorDetails,
  type AttesterOptions,
  createAttester,
  isAttesterError,
} from './attester/index.ts'
export {
  configJson,
  type ListenAddress,
  MAX_CONFIG_BYTES,
  parseServerConfig,
  type ServerConfig,
  type StoreConfig,
} from './config.ts'
export { defaultLimits, LIMIT_RANGES, type ServerLimits } from './config-limits.ts'
export {
  type EngineRoom,
  openEngineRoom,
  type RunningServer,
  type ServerDependencies,
  startServer,
} from './gatekeeper.ts'
export { GATEKEEPER_CATALOGUE, GatekeeperError, type GatekeeperErrorDetails } from './gatekeeper-error.ts'
export { createLineLog, createStderrLog, type Log, type LogEvent } from './gatekeeper-log.ts'
export { API_CATALOGUE, ApiError, type ApiErrorDetails } from './http/index.ts'
export { MODEL_CATALOGUE, ModelError, type ModelErrorDetails } from './models/index.ts'
export {
  type AnyEngineError,
  ENGINE_CATALOGUE,
  EngineError,
  type EngineErrorDetails,
  isEngineError,
} from './runtime/host/index.ts'
export {
  type Ahead,
  type Job,
  type JobQueue,
  type QueuedJob,
  SCHEDULER_CATALOGUE,
  SchedulerError,
  type SchedulerErrorDetails,
  type Verdict,
} from './scheduler/index.ts'
export { createApiKey, hashApiKey, isTenantName, type TenantConfig, type TenantRole } from './tenants/index.ts'
