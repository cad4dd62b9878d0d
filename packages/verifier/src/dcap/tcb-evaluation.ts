import { type UnixSeconds, unixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { PckPlatform } from './pck-extension.ts'
import type { LevelVerdict, SvnLevel, TcbComponent, TcbInfo, TcbLevel, TdxModule } from './tcb-info.ts'
import { convergeStatuses, type LevelStatus } from './tcb-status.ts'

/** The TDX module's version in a TEE_TCB_SVN, below it its minor version. */
const MODULE_VERSION = 1
const MODULE_SVN = 0

/** What a TCB is made of. */
export interface TcbInput {
  readonly platform: Pick<PckPlatform, 'sgxComponents' | 'pceSvn'>
  /** 16 bytes; undefined for SGX. */
  readonly teeTcbSvn: Uint8Array | undefined
  readonly qeIsvSvn: number
  readonly tcbInfo: TcbInfo
  readonly qeLevels: readonly SvnLevel[]
}

/** What Intel says of a TCB: each part, and all together. */
export interface TcbEvaluation {
  readonly status: LevelStatus
  /** The earliest of the parts' dates. */
  readonly tcbDate: UnixSeconds
  /** Of all parts, each once, in alphabetical order. */
  readonly advisoryIds: readonly string[]
  readonly platform: TcbLevel
  readonly tdxModule: SvnLevel | undefined
  readonly qe: SvnLevel
}

/**
 * Finds the levels that a TCB reaches, and brings their verdicts together.
 *
 * Source: Intel SGX and TDX DCAP Quote Verification Library, `sgxEvaluateTCB` and `tdxEvaluateTCB` (4.1.2.5).
 *
 * @throws {VerifierError} `TCB_NOT_SUPPORTED`, `TDX_MODULE_UNKNOWN`.
 */
export function evaluateTcb(input: TcbInput): TcbEvaluation {
  const { tcbInfo, teeTcbSvn, qeIsvSvn } = input
  const platform = tcbInfo.levels.find((level) => reaches(input, level))
  if (platform === undefined) throw notSupported('platform', describe(input))
  const tdxModule = teeTcbSvn && moduleLevel(tcbInfo, teeTcbSvn)
  const qe = input.qeLevels.find((level) => qeIsvSvn >= level.isvSvn)
  if (qe === undefined) throw notSupported('qe', String(qeIsvSvn))
  const components: readonly LevelVerdict[] = tdxModule === undefined ? [qe] : [tdxModule, qe]
  const parts = [platform, ...components]
  return {
    status: convergeStatuses(
      platform.status,
      components.map((component) => component.status),
    ),
    tcbDate: unixSeconds(Math.min(...parts.map((part) => part.tcbDate))),
    advisoryIds: [...new Set(parts.flatMap((part) => part.advisoryIds))].sort(),
    platform,
    tdxModule,
    qe,
  }
}

/**
 * What the TCB info says of the TDX module of a version. That of version 0 has no levels: the platform's cover it.
 *
 * @throws {VerifierError} `TDX_MODULE_UNKNOWN`.
 */
export function findModule(tcbInfo: TcbInfo, teeTcbSvn: Uint8Array): TdxModule {
  const version = teeTcbSvn[MODULE_VERSION] ?? 0
  const id = `TDX_${version.toString(16).padStart(2, '0').toUpperCase()}`
  const module = version === 0 ? tcbInfo.tdxModule : tcbInfo.tdxModuleIdentities.find((identity) => identity.id === id)
  if (module === undefined) throw new VerifierError('TDX_MODULE_UNKNOWN', { version })
  return module
}

/** The first TDX component that counts: a TDX module with an identity of its own is matched there, not here. */
export function firstTdxComponent(teeTcbSvn: Uint8Array): number {
  return (teeTcbSvn[MODULE_VERSION] ?? 0) > 0 ? 2 : 0
}

function moduleLevel(tcbInfo: TcbInfo, teeTcbSvn: Uint8Array): SvnLevel | undefined {
  if (teeTcbSvn[MODULE_VERSION] === 0) return undefined
  const svn = teeTcbSvn[MODULE_SVN] ?? 0
  const level = findModule(tcbInfo, teeTcbSvn).levels.find((candidate) => svn >= candidate.isvSvn)
  if (level === undefined) throw notSupported('tdx-module', String(svn))
  return level
}

function reaches(input: TcbInput, level: TcbLevel): boolean {
  const { platform, teeTcbSvn } = input
  return (
    reachesAll(platform.sgxComponents, level.sgxComponents, 0) &&
    platform.pceSvn >= level.pceSvn &&
    (teeTcbSvn === undefined || reachesAll([...teeTcbSvn], level.tdxComponents, firstTdxComponent(teeTcbSvn)))
  )
}

function reachesAll(has: readonly number[], needs: readonly TcbComponent[], from: number): boolean {
  return needs.every((component, i) => i < from || (has[i] ?? 0) >= component.svn)
}

function describe(input: TcbInput): string {
  const { platform, teeTcbSvn } = input
  const tdx = teeTcbSvn === undefined ? '' : `, tdx ${teeTcbSvn.join('.')}`
  return `sgx ${platform.sgxComponents.join('.')}, pce ${platform.pceSvn}${tdx}`
}

function notSupported(part: 'platform' | 'tdx-module' | 'qe', svn: string): VerifierError<'TCB_NOT_SUPPORTED'> {
  return new VerifierError('TCB_NOT_SUPPORTED', { part, svn })
}
