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
  type LegacyConfig,
  type ListenAddress,
  MAX_CONFIG_BYTES,
  parseServerConfig,
  type ServerConfig,
  type StoreConfig,
} from './config.ts'
export { defaultLimits, LIMIT_RANGES, type ServerLimits } from './config-limits.ts'
export { type EngineRoom, openEngineRoom } from './engine-room.ts'
export { type RunningServer, type ServerDependencies, startServer } from './gatekeeper.ts'
export { type ProcessStart, refuseOpenDoors } from './gatekeeper-doors.ts'
export { GATEKEEPER_CATALOGUE, GatekeeperError, type GatekeeperErrorDetails } from './gatekeeper-error.ts'
export { createLineLog, createStderrLog, type Log, type LogEvent } from './gatekeeper-log.ts'
export { API_CATALOGUE, ApiError, type ApiErrorDetails, openApiDocument } from './http/index.ts'
export { INFERENCE_CATALOGUE, InferenceError, type InferenceErrorDetails } from './inference/index.ts'
export { LEGACY_CATALOGUE, LegacyError, type LegacyErrorDetails, type LegacyUrls } from './legacy/index.ts'
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
export {
  createApiKey,
  hashApiKey,
  isTenantName,
  TENANT_CATALOGUE,
  type TenantConfig,
  TenantError,
  type TenantErrorDetails,
  type TenantRole,
} from './tenants/index.ts'
