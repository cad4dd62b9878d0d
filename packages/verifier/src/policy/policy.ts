import type { IsolationLevel, UnixSeconds } from '@blindai/core'
import type { LevelStatus, TcbStatus } from '../dcap/tcb-status.ts'
import type { TdAttribute } from '../formats/tdx/attributes.ts'
import type { HclPolicy, HclReference } from './hcl-policy.ts'
import type { NitroPolicy, NitroReference } from './nitro-policy.ts'
import type { SevSnpPolicy, SnpReference } from './sev-snp-policy.ts'
import type { SgxPolicy, SgxReference } from './sgx-policy.ts'
import type { TpmPolicy, TpmReference } from './tpm-policy.ts'

/**
 * How far evidence is worth something. `simulated`: a root of no authority, protects nothing; `measured-boot`: a TPM
 * vouches for what was started, and the operator can read memory; `hardware`: a TEE keeps its operator out.
 */
export type TrustClass = 'simulated' | 'measured-boot' | 'hardware'

/** Statuses that a policy may accept. A revoked TCB is never accepted. */
export type AcceptableTcbStatus = Exclude<TcbStatus, Extract<LevelStatus, 'Revoked'>>

/** Registers that every reference value for TDX names. */
export type TdxRegister = 'mrTd' | 'rtmr0' | 'rtmr1' | 'rtmr2' | 'rtmr3'

/** Registers that a reference value may name besides. */
export type OptionalTdxRegister = 'mrSeam' | 'mrConfigId' | 'mrOwner' | 'mrOwnerConfig' | 'mrServiceTd'

/** Where a reference value is from. `trust-on-first-use`: from the server itself, which proves nothing about its code. */
export type MeasurementSource = 'image' | 'files' | 'trust-on-first-use'

/** What a reference value says of itself. */
export interface NamedReference {
  readonly name: string
  /** The day it was added, `YYYY-MM-DD`. */
  readonly date: string
  readonly source?: MeasurementSource
}

/** What a reviewed release measures. Lower-case hex of 48 bytes each. */
export interface TdxReference
  extends NamedReference,
    Readonly<Record<TdxRegister, string>>,
    Readonly<Partial<Record<OptionalTdxRegister, string>>> {}

/** What is wanted of the TCB of an Intel platform. */
export interface DcapTcbPolicy<Status extends string> {
  readonly acceptedTcbStatuses: readonly Status[]
  readonly minimumTcbEvaluationDataNumber: number
  readonly minimumTcbDate?: UnixSeconds
  readonly advisories: AdvisoryPolicy
}

/** What is wanted of Intel TDX. */
export interface TdxPolicy extends DcapTcbPolicy<AcceptableTcbStatus> {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly TdxReference[]
  /** No other attribute may be set. */
  readonly allowedAttributes: readonly TdAttribute[]
  readonly requiredAttributes: readonly TdAttribute[]
}

/** Which advisories may apply to a platform. */
export interface AdvisoryPolicy {
  /** When there is a list, no advisory beside it may apply. */
  readonly allow?: readonly string[]
  readonly deny: readonly string[]
}

/** Which simulated evidence is accepted, by the SHA-256 of its root certificate. Lower-case hex. */
export interface SimulatedPolicy {
  readonly rootSha256: readonly string[]
  /** For evidence of the structure of TDX. */
  readonly measurements: readonly TdxReference[]
  /** For evidence of the structure of SGX. */
  readonly sgxMeasurements: readonly SgxReference[]
  /** For evidence of the structure of SEV-SNP. */
  readonly sevSnpMeasurements: readonly SnpReference[]
  /** For evidence of the structure of AWS Nitro. */
  readonly nitroMeasurements: readonly NitroReference[]
  /** For evidence of the structure of Azure's confidential virtual machines. */
  readonly azureHclMeasurements: readonly HclReference[]
  /** For quotes of a software TPM. */
  readonly tpmMeasurements: readonly TpmReference[]
}

/**
 * What the statement's `config` may say; each item of a list must be named. What weakens the enclave is refused unless the
 * policy names it: a wall that is not full, clients that attest nothing, listeners of another protocol, batches or engines
 * that tenants share, peers that receive keys.
 */
export interface ConfigPolicy {
  readonly isolation: readonly IsolationLevel[]
  readonly unattestedClients: readonly boolean[]
  readonly legacyListeners: readonly boolean[]
  readonly crossTenantBatching: readonly boolean[]
  readonly sharedEngines: readonly boolean[]
  readonly peers: readonly string[]
  /** Not looked at when absent, as the two below. */
  readonly keySource?: readonly string[]
  readonly credentials?: readonly string[]
  readonly digest?: readonly string[]
}

/** What a relying party wants of a server. Made by `parsePolicy` only, and frozen. */
export interface Policy {
  readonly version: 1
  readonly name: string
  /** Accepted classes; `simulated` is among them exactly when `simulated` names roots. */
  readonly trustClasses: readonly TrustClass[]
  readonly simulated?: SimulatedPolicy
  readonly tdx: TdxPolicy
  readonly sgx: SgxPolicy
  readonly sevSnp: SevSnpPolicy
  readonly nitro: NitroPolicy
  readonly azureHcl: HclPolicy
  readonly tpm: TpmPolicy
  readonly config: ConfigPolicy
  /** Lower-case hex SHA-256: what the statement's `software.digest` may be. */
  readonly softwareDigests?: readonly string[]
  readonly maximumEvidenceAgeSeconds?: number
  /** For the channel to honour: the verifier sees keys, not which of them is used. */
  readonly requirePostQuantum: boolean
}
