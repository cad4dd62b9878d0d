export { CHECK_SUMMARIES, type CheckCode } from './appraisal/check-codes.ts'
export type { Check, CheckError } from './appraisal/check-list.ts'
export type { BareEvidence } from './appraisal/evidence.ts'
export { type ChannelBinding, type VerifyOptions, verify, verifyEvidence } from './appraisal/verify.ts'
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
export { AWS_NITRO_ROOT_SHA256 } from './formats/nitro/roots.ts'
export type { PolicySgxAttribute, SgxAttribute, SgxMiscSelect } from './formats/sgx/attributes.ts'
export type { EndorsementKeyKind } from './formats/snp/endorsement-key.ts'
export type { SnpPolicyBit } from './formats/snp/guest-policy.ts'
export type { SnpPlatformBit } from './formats/snp/platform-info.ts'
export type { SnpProduct } from './formats/snp/product.ts'
export { AMD_ROOT_SHA256 } from './formats/snp/roots.ts'
export type { SnpTcb, SnpTcbComponent, SnpTcbName } from './formats/snp/tcb-version.ts'
export type { TdAttribute } from './formats/tdx/attributes.ts'
export type { TpmBank } from './formats/tpm/evidence.ts'
export { CLOUD_AK_ROOT_SHA256 } from './formats/tpm/roots.ts'
export { DEFAULT_POLICY } from './policy/default-policy.ts'
export { SNP_TCB_FLOORS, TCB_EVALUATION_FLOORS } from './policy/floors.ts'
export type { HclPolicy, HclReference, HclRegister } from './policy/hcl-policy.ts'
export type { NitroPolicy, NitroReference, NitroRegister, OptionalNitroRegister } from './policy/nitro-policy.ts'
export { parsePolicy } from './policy/parse-policy.ts'
export type {
  AcceptableTcbStatus,
  AdvisoryPolicy,
  ConfigPolicy,
  DcapTcbPolicy,
  MeasurementSource,
  NamedReference,
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
export type {
  ChipPolicy,
  OptionalSnpRegister,
  SevSnpPolicy,
  SnpMinimumTcb,
  SnpReference,
} from './policy/sev-snp-policy.ts'
export type { AcceptableSgxTcbStatus, SgxPolicy, SgxReference } from './policy/sgx-policy.ts'
export type { TpmAttestationKey, TpmPolicy, TpmReference } from './policy/tpm-policy.ts'
export type {
  CommonClaims,
  DcapPlatformClaims,
  EventLogClaims,
  PlatformClaims,
  TcbClaims,
  TcbPart,
  TdxClaims,
} from './result/claims.ts'
export { exitCode } from './result/exit-code.ts'
export { explain } from './result/explain.ts'
export type { HclClaims } from './result/hcl-claims.ts'
export type { NitroClaims } from './result/nitro-claims.ts'
export type {
  AffirmingResult,
  Appraised,
  AttestationResult,
  ChannelKeys,
  EvidenceResult,
  RefusingResult,
  ResultStatus,
} from './result/result.ts'
export type { SgxClaims } from './result/sgx-claims.ts'
export type { SnpClaims, SnpPlatformClaims, SnpTcbClaims, SnpTcbGap } from './result/snp-claims.ts'
export type { TpmAkClaims, TpmClaims, TpmClockClaims, TpmEventLogClaims } from './result/tpm-claims.ts'
