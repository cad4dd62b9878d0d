import { MalformedError, type UnixSeconds } from '@blindai/core'
import { ObjectReader } from '../json/object-reader.ts'
import { parseTimestamp } from '../time.ts'
import { TCB_COMPONENTS } from './pck-extension.ts'
import { LEVEL_STATUSES, type LevelStatus } from './tcb-status.ts'

/** One of the sixteen component versions, with Intel's words for what it is. */
export interface TcbComponent {
  readonly svn: number
  readonly category?: string
  readonly type?: string
}

/** What every kind of level says. */
export interface LevelVerdict {
  readonly status: LevelStatus
  readonly tcbDate: UnixSeconds
  readonly advisoryIds: readonly string[]
}

/** A level of the platform. */
export interface TcbLevel extends LevelVerdict {
  readonly sgxComponents: readonly TcbComponent[]
  readonly pceSvn: number
  /** Empty in TCB info for SGX. */
  readonly tdxComponents: readonly TcbComponent[]
}

/** A level of something with one version: the TDX module, the quoting enclave. */
export interface SvnLevel extends LevelVerdict {
  readonly isvSvn: number
}

/** Who signs a TDX module, and in which mode it runs. Hex of 48 and 8 bytes. */
export interface TdxModule {
  readonly mrSigner: string
  readonly attributes: string
  readonly attributesMask: string
  /** Highest version first; none for a module that the platform's levels cover. */
  readonly levels: readonly SvnLevel[]
}

/** A TDX module of one major version. */
export interface TdxModuleIdentity extends TdxModule {
  /** `TDX_` and two hexadecimal digits, upper case. */
  readonly id: string
}

/** What Intel says of the TCBs of a family of platforms. Hex is lower case. */
export interface TcbInfo {
  readonly id: 'SGX' | 'TDX'
  readonly issueDate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly fmspc: string
  readonly pceId: string
  readonly tcbEvaluationDataNumber: number
  /** Only in TCB info for TDX. */
  readonly tdxModule?: TdxModule
  readonly tdxModuleIdentities: readonly TdxModuleIdentity[]
  /** Highest first, as the library that defines the matching sorts them. */
  readonly levels: readonly TcbLevel[]
}

const MAX_LEVELS = 1000
const MAX_ADVISORIES = 1000
const MAX_SHORT_TEXT = 64
const MAX_MODULES = 256

/**
 * Reads the `tcbInfo` member, version 3. Members that are not known here are left alone: the text is signed, and Intel
 * adds to it.
 *
 * Source: Intel PCS API v4, "Get TCB Info" (V3) and "Get TDX TCB Info".
 *
 * @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`, `MISSING_MEMBER`, `NOT_HEX`, `WRONG_LENGTH`, `TOO_LONG`.
 */
export function readTcbInfo(value: unknown): TcbInfo {
  const r = new ObjectReader('tcbInfo', value)
  const id = r.word('id', ['SGX', 'TDX'])
  r.integer('version', 3, 3)
  r.integer('tcbType', 0, 0)
  const levels = r.objects('tcbLevels', MAX_LEVELS).map((level) => readLevel(level, id))
  levels.sort(byVersionsDescending)
  for (const [i, level] of levels.entries()) {
    const next = levels[i + 1]
    if (next !== undefined && byVersionsDescending(level, next) === 0) {
      throw new MalformedError('WRONG_VALUE', { field: 'tcbInfo.tcbLevels', expected: 'a list without equal levels' })
    }
  }
  if (levels.length === 0)
    throw new MalformedError('WRONG_VALUE', { field: 'tcbInfo.tcbLevels', expected: 'not empty' })
  return {
    id,
    issueDate: parseTimestamp('tcbInfo.issueDate', r.string('issueDate', MAX_SHORT_TEXT)),
    nextUpdate: parseTimestamp('tcbInfo.nextUpdate', r.string('nextUpdate', MAX_SHORT_TEXT)),
    fmspc: r.hex('fmspc', 6),
    pceId: r.hex('pceId', 2),
    tcbEvaluationDataNumber: r.integer('tcbEvaluationDataNumber', 0, 0xffff_ffff),
    ...(id === 'TDX' && { tdxModule: readModule(r.object('tdxModule')) }),
    tdxModuleIdentities:
      id === 'TDX' && r.has('tdxModuleIdentities')
        ? r.objects('tdxModuleIdentities', MAX_MODULES).map(readModuleIdentity)
        : [],
    levels,
  }
}

function readLevel(level: ObjectReader, id: TcbInfo['id']): TcbLevel {
  const tcb = level.object('tcb')
  return {
    ...readLevelVerdict(level),
    sgxComponents: readComponents(tcb, 'sgxtcbcomponents'),
    pceSvn: tcb.integer('pcesvn', 0, 0xffff),
    tdxComponents: id === 'TDX' ? readComponents(tcb, 'tdxtcbcomponents') : [],
  }
}

/** The members that levels of every kind share. */
export function readLevelVerdict(level: ObjectReader): LevelVerdict {
  return {
    status: level.word('tcbStatus', LEVEL_STATUSES),
    tcbDate: parseTimestamp(`${level.field}.tcbDate`, level.string('tcbDate', MAX_SHORT_TEXT)),
    advisoryIds: level.has('advisoryIDs') ? level.strings('advisoryIDs', MAX_ADVISORIES, MAX_SHORT_TEXT) : [],
  }
}

/** Levels of something with one version, highest first. */
export function readSvnLevels(owner: ObjectReader): readonly SvnLevel[] {
  const levels = owner
    .objects('tcbLevels', MAX_LEVELS)
    .map((level) => ({ ...readLevelVerdict(level), isvSvn: level.object('tcb').integer('isvsvn', 0, 0xffff) }))
    .sort((a, b) => b.isvSvn - a.isvSvn)
  const distinct = new Set(levels.map((level) => level.isvSvn)).size
  if (distinct === 0 || distinct !== levels.length) {
    const field = `${owner.field}.tcbLevels`
    throw new MalformedError('WRONG_VALUE', { field, expected: 'a list, not empty and without equal levels' })
  }
  return levels
}

function readComponents(tcb: ObjectReader, member: string): readonly TcbComponent[] {
  const components = tcb.objects(member, TCB_COMPONENTS)
  if (components.length !== TCB_COMPONENTS) {
    const field = `${tcb.field}.${member}`
    throw new MalformedError('WRONG_LENGTH', { field, expected: TCB_COMPONENTS, actual: components.length })
  }
  return components.map((component) => ({
    svn: component.integer('svn', 0, 255),
    ...(component.has('category') && { category: component.string('category', MAX_SHORT_TEXT) }),
    ...(component.has('type') && { type: component.string('type', MAX_SHORT_TEXT) }),
  }))
}

function readModule(module: ObjectReader): TdxModule {
  return {
    mrSigner: module.hex('mrsigner', 48),
    attributes: module.hex('attributes', 8),
    attributesMask: module.hex('attributesMask', 8),
    levels: [],
  }
}

function readModuleIdentity(identity: ObjectReader): TdxModuleIdentity {
  const id = identity.string('id', MAX_SHORT_TEXT).toUpperCase()
  return { id, ...readModule(identity), levels: readSvnLevels(identity) }
}

/** SGX components, then PCESVN, then TDX components, each compared from the first component on. */
function byVersionsDescending(a: TcbLevel, b: TcbLevel): number {
  return (
    compareComponents(b.sgxComponents, a.sgxComponents) ||
    b.pceSvn - a.pceSvn ||
    compareComponents(b.tdxComponents, a.tdxComponents)
  )
}

function compareComponents(a: readonly TcbComponent[], b: readonly TcbComponent[]): number {
  for (const [i, component] of a.entries()) {
    const difference = component.svn - (b[i]?.svn ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
