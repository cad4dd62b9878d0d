export { CHECK_SUMMARIES, type CheckCode } from './appraisal/check-codes.ts'
export type { Check, CheckError } from './appraisal/check-list.ts'
export {
  type BareEvidence,
  type ChannelBinding,
  type VerifyOptions,
  verify,
  verifyEvidence,
} from './appraisal/verify.ts'
export { INTEL_SGX_ROOT_SHA256 } from './dcap/roots.ts'
export type { TcbGap } from './dcap/tcb-gap.ts'
export type { LevelStatus, TcbStatus } from './dcap/tcb-status.ts'
export { type ParsedDocument, type ParsedEvidence, parseDocument } from './document/document.ts'
export { parseStatement } from './document/statement.ts'
export type { Answer, AnswerCatalogue } from './errors/answer.ts'
export {
  type AnyVerifierError,
  isVerifierError,
  VERIFIER_CATALOGUE,
  VerifierError,
  type VerifierErrorDetails,
} from './errors/verifier-error.ts'
export type { TdAttribute } from './formats/tdx/attributes.ts'
export { DEFAULT_POLICY } from './policy/default-policy.ts'
export { TCB_EVALUATION_FLOORS } from './policy/floors.ts'
export { parsePolicy } from './policy/parse-policy.ts'
export type {
  AcceptableTcbStatus,
  AdvisoryPolicy,
  ConfigPolicy,
  MeasurementSource,
  OptionalTdxRegister,
  Policy,
  SimulatedPolicy,
  TdxPolicy,
  TdxReference,
  TdxRegister,
  TrustClass,
} from './policy/policy.ts'
export {
  type AnyPolicyError,
  isPolicyError,
  POLICY_CATALOGUE,
  PolicyError,
  type PolicyErrorDetails,
} from './policy/policy-error.ts'
export type { PlatformClaims, TcbClaims, TcbPart, TdxClaims } from './result/claims.ts'
export { exitCode } from './result/exit-code.ts'
export { explain } from './result/explain.ts'
export type {
  AffirmingResult,
  Appraised,
  AttestationResult,
  ChannelKeys,
  EvidenceResult,
  RefusingResult,
  ResultStatus,
} from './result/result.ts'
