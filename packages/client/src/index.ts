export { type BodyDigest, digestBody, digestStream, digestStreamBody, type Receipt } from '@blindai/receipts'
export type { AffirmingResult, AttestationResult, SeenEvaluation } from '@blindai/verifier'
export type { TransportName } from './attested-channel.ts'
export { type ConnectOptions, connect } from './connect.ts'
export { DEFAULT_TIMEOUTS, type Timeouts } from './deadline.ts'
export { CLIENT_CATALOGUE, type ClientErrorDetails, type FamilyCatalogue, type FamilyRow } from './error-catalogue.ts'
export {
  type AnyBlindAiError,
  BlindAiError,
  type BlindAiErrorCode,
  type BlindAiErrorDetails,
  type ErrorFamily,
  isBlindAiError,
} from './errors.ts'
export {
  type EvaluationMemory,
  processEvaluationMemory,
  storedEvaluationMemory,
  type TextStorage,
} from './evaluation-memory.ts'
export {
  type BundleOptions,
  type BundleParts,
  type BundleVerdict,
  createEvidenceBundle,
  verifyEvidenceBundle,
} from './evidence-bundle.ts'
export type { InferOptions, InferResult, RunOptions } from './inference.ts'
export type { ApiKeySummary, ApiKeys, NewApiKey } from './keys.ts'
export type { ModelKind, ModelSource } from './model-source.ts'
export type { CallOptions, DeleteOptions, ModelSummary, Models, UploadOptions } from './models.ts'
export type { HeldReceipt } from './receipt.ts'
export { SERVER_CATALOGUE, type ServerCode, type ServerErrorDetails, type ServerRefusal } from './server-errors.ts'
export type { Session } from './session.ts'
export type { RunInput } from './task-input.ts'
export type { LabelScore, TaskName, TaskOutputs, TaskResult, Transcript, UntypedTaskResult } from './tasks.ts'
export type { TenantQuotas, TenantRole, TenantSummary, Tenants, TenantWish } from './tenants.ts'
export type { UploadProgress } from './upload.ts'
