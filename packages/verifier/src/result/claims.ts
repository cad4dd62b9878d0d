import type { AttestedConfig, AttestedSoftware } from '@blindai/core'
import type { TcbGap } from '../dcap/tcb-gap.ts'
import type { LevelStatus, TcbStatus } from '../dcap/tcb-status.ts'
import type { MeasurementSource, OptionalTdxRegister, TdxRegister } from '../policy/policy.ts'

/** What proved evidence of every format says. */
export interface CommonClaims {
  readonly rootSha256: string
  readonly reportData: string
  /** The name of the reference value that matched. */
  readonly release?: string
  /** Where that value is from, if the policy says. */
  readonly releaseSource?: MeasurementSource
  /** The enclave's own words; here only once its measurements were those of a reviewed release. */
  readonly config?: AttestedConfig
  readonly software?: AttestedSoftware
}

/** What proved evidence says of a trust domain and its platform. Binary is lower-case hex. */
export interface TdxClaims
  extends CommonClaims,
    Readonly<Record<TdxRegister | Exclude<OptionalTdxRegister, 'mrServiceTd'>, string>> {
  readonly format: 'tdx' | 'simulated'
  readonly quoteVersion: 4 | 5
  readonly mrServiceTd?: string
  readonly tdAttributes: string
  /** Names of the attributes that are set; `RESERVED_n` for a bit without a name. */
  readonly tdAttributeNames: readonly string[]
  readonly xfam: string
  readonly platform: PlatformClaims
  /** Zero bytes after the quote that nobody signed. */
  readonly paddingBytes: number
  /** What an event log explains; absent when none came along. */
  readonly eventLog?: EventLogClaims
}

/** An event log whose replay equals registers of the evidence. Its digests are proved by them, its texts are not. */
export interface EventLogClaims {
  /** How many events it has, notes that measure nothing included. */
  readonly events: number
  /** The registers that it explains; whatever else was measured is in the others. */
  readonly registers: readonly string[]
}

/** The platform, as its certificate names it. */
export interface DcapPlatformClaims {
  readonly fmspc: string
  readonly pceId: string
  readonly ppid: string
  readonly cpuSvn: string
  readonly pceSvn: number
}

/** The platform of a trust domain, with the versions of the TDX module. */
export interface PlatformClaims extends DcapPlatformClaims {
  readonly teeTcbSvn: string
  readonly teeTcbSvn2?: string
}

/** One part of a TCB, and the level that it reached. */
export interface TcbPart {
  readonly status: LevelStatus
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly tcbDate: string
  readonly advisoryIds: readonly string[]
}

/** What the vendor says of the platform's TCB. */
export interface TcbClaims {
  readonly status: TcbStatus
  /** The earliest date of all parts. */
  readonly tcbDate: string
  readonly advisoryIds: readonly string[]
  /** The lower of the TCB info's and the QE identity's. */
  readonly tcbEvaluationDataNumber: number
  readonly platform: TcbPart
  readonly tdxModule?: TcbPart
  readonly qe: TcbPart
  /** TDX 1.5: the status with the TDX module that runs now, where that is another than at launch and has a level. */
  readonly current?: LevelStatus
  /** What is behind the newest level. */
  readonly gaps: readonly TcbGap[]
}
