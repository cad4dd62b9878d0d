import type { IsolationLevel, UnixSeconds } from '@blindai/core'
import type { LevelStatus, TcbStatus } from '../dcap/tcb-status.ts'
import type { TdAttribute } from '../formats/tdx/attributes.ts'

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

/** What a reviewed release measures. Lower-case hex of 48 bytes each. */
export interface TdxReference
  extends Readonly<Record<TdxRegister, string>>,
    Readonly<Partial<Record<OptionalTdxRegister, string>>> {
  readonly name: string
  /** The day it was added, `YYYY-MM-DD`. */
  readonly date: string
  readonly source?: MeasurementSource
}

/** What is wanted of Intel TDX. */
export interface TdxPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly TdxReference[]
  readonly acceptedTcbStatuses: readonly AcceptableTcbStatus[]
  readonly minimumTcbEvaluationDataNumber: number
  readonly minimumTcbDate?: UnixSeconds
  readonly advisories: AdvisoryPolicy
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
  readonly measurements: readonly TdxReference[]
}

/**
 * What the statement's `config` may say. A member that is absent is not looked at; each item of a list must be named.
 */
export interface ConfigPolicy {
  readonly isolation?: readonly IsolationLevel[]
  readonly keySource?: readonly string[]
  readonly unattestedClients?: readonly boolean[]
  readonly legacyListeners?: readonly boolean[]
  readonly crossTenantBatching?: readonly boolean[]
  readonly sharedEngines?: readonly boolean[]
  readonly peers?: readonly string[]
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
  readonly config?: ConfigPolicy
  /** Lower-case hex SHA-256: what the statement's `software.digest` may be. */
  readonly softwareDigests?: readonly string[]
  readonly maximumEvidenceAgeSeconds?: number
  /** For the channel to honour: the verifier sees keys, not which of them is used. */
  readonly requirePostQuantum: boolean
}
