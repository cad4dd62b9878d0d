import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { describeTcb } from '../src/dcap/tcb-claims.ts'
import { evaluateTcb, findModule, type TcbInput } from '../src/dcap/tcb-evaluation.ts'
import { findGaps } from '../src/dcap/tcb-gap.ts'
import type { SvnLevel, TcbInfo, TcbLevel } from '../src/dcap/tcb-info.ts'
import {
  adviseRelaunch,
  convergeStatuses,
  LEVEL_STATUSES,
  type LevelStatus,
  type TcbStatus,
} from '../src/dcap/tcb-status.ts'

describe('the status of a platform and its components', () => {
  const outOfDate: Readonly<Record<LevelStatus, LevelStatus>> = {
    UpToDate: 'OutOfDate',
    SWHardeningNeeded: 'OutOfDate',
    ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
    OutOfDate: 'OutOfDate',
    OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
    Revoked: 'Revoked',
  }
  for (const platform of LEVEL_STATUSES) {
    test(`${platform} stays so with components that are up to date`, () => {
      expect(convergeStatuses(platform, ['UpToDate', 'UpToDate'])).toBe(platform)
    })
    test(`${platform} becomes ${outOfDate[platform]} with one that is out of date`, () => {
      expect(convergeStatuses(platform, ['UpToDate', 'OutOfDate'])).toBe(outOfDate[platform])
    })
    test(`${platform} is revoked with one that is, even beside one that is out of date`, () => {
      expect(convergeStatuses(platform, ['OutOfDate', 'Revoked'])).toBe('Revoked')
    })
  }
})

describe('a relaunch is advised', () => {
  const advice = (launch: LevelStatus): readonly TcbStatus[] =>
    LEVEL_STATUSES.map((current) => adviseRelaunch(launch, current))
  test('to what was out of date at launch and is fine now', () => {
    expect(advice('OutOfDate')).toEqual([
      'TDRelaunchAdvised',
      'TDRelaunchAdvised',
      'TDRelaunchAdvisedConfigurationNeeded',
      'TDRelaunchAdvisedConfigurationNeeded',
      'OutOfDate',
      'OutOfDate',
      'OutOfDate',
    ])
  })
  test('with configuration to what needed it at launch', () => {
    expect(advice('OutOfDateConfigurationNeeded').slice(0, 5)).toEqual([
      'TDRelaunchAdvisedConfigurationNeeded',
      'TDRelaunchAdvisedConfigurationNeeded',
      'TDRelaunchAdvisedConfigurationNeeded',
      'TDRelaunchAdvisedConfigurationNeeded',
      'OutOfDateConfigurationNeeded',
    ])
  })
  test('to nothing else', () => {
    for (const launch of LEVEL_STATUSES.filter((status) => !status.startsWith('OutOfDate'))) {
      expect(new Set(advice(launch))).toEqual(new Set([launch]))
    }
  })
})

const time = (day: number) => unixSeconds(day * 86_400)
const components = (...svns: readonly number[]) => Array.from({ length: 16 }, (_, i) => ({ svn: svns[i] ?? 0 }))
const level = (svn: number, status: LevelStatus, more: Partial<TcbLevel> = {}): TcbLevel => ({
  status,
  tcbDate: time(100 + svn),
  advisoryIds: [`PLATFORM-${svn}`],
  sgxComponents: components(svn),
  pceSvn: 10,
  tdxComponents: components(5, 0, svn),
  ...more,
})
const part = (isvSvn: number, status: LevelStatus): SvnLevel => ({
  isvSvn,
  status,
  tcbDate: time(200 + isvSvn),
  advisoryIds: [`PART-${isvSvn}`],
})
const info: TcbInfo = {
  id: 'TDX',
  issueDate: time(1),
  nextUpdate: time(2),
  fmspc: '',
  pceId: '',
  tcbEvaluationDataNumber: 1,
  tdxModule: { mrSigner: '', attributes: '', attributesMask: '', levels: [] },
  tdxModuleIdentities: [
    {
      id: 'TDX_01',
      mrSigner: '',
      attributes: '',
      attributesMask: '',
      levels: [part(4, 'UpToDate'), part(2, 'OutOfDate')],
    },
  ],
  levels: [level(3, 'UpToDate'), level(2, 'SWHardeningNeeded'), level(1, 'OutOfDate')],
}
const input = (more: Partial<TcbInput>): TcbInput => ({
  platform: { sgxComponents: components(3).map(({ svn }) => svn), pceSvn: 10 },
  teeTcbSvn: Uint8Array.of(4, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  qeIsvSvn: 6,
  tcbInfo: info,
  qeLevels: [part(6, 'UpToDate'), part(4, 'OutOfDate'), part(3, 'Revoked')],
  ...more,
})
const svn = (...svns: readonly number[]): Uint8Array =>
  Uint8Array.from(components(...svns), (component) => component.svn)

describe('a TCB', () => {
  test('has the first level that it reaches in everything', () => {
    expect(evaluateTcb(input({}))).toMatchObject({ status: 'UpToDate', platform: { status: 'UpToDate' } })
    expect(evaluateTcb(input({ platform: { sgxComponents: [...svn(2)], pceSvn: 10 } })).status).toBe(
      'SWHardeningNeeded',
    )
    expect(evaluateTcb(input({ teeTcbSvn: svn(4, 1, 1) })).status).toBe('OutOfDate')
  })
  test('has the earliest date and all advisories of its parts, each once', () => {
    expect(evaluateTcb(input({}))).toMatchObject({
      tcbDate: time(103),
      advisoryIds: ['PART-4', 'PART-6', 'PLATFORM-3'],
    })
  })
  test('with a TDX module of version 1 does not count the first two TDX components', () => {
    // Component 0 of the level is 5, and the module has 4.
    expect(evaluateTcb(input({ teeTcbSvn: svn(4, 1, 3) })).platform.status).toBe('UpToDate')
  })
  test('with a TDX module of version 0 counts all, and has no level of the module', () => {
    expect(evaluateTcb(input({ teeTcbSvn: svn(5, 0, 3) }))).toMatchObject({ status: 'UpToDate', tdxModule: undefined })
    expect(() => evaluateTcb(input({ teeTcbSvn: svn(4, 0, 3) }))).toThrowError(
      expect.objectContaining({ code: 'TCB_NOT_SUPPORTED', details: expect.objectContaining({ part: 'platform' }) }),
    )
  })
  test('is out of date with its TDX module, though the platform is not', () => {
    expect(evaluateTcb(input({ teeTcbSvn: svn(3, 1, 3) }))).toMatchObject({
      status: 'OutOfDate',
      platform: { status: 'UpToDate' },
      tdxModule: { status: 'OutOfDate' },
    })
  })
  test('is out of date with its platform, though the TDX module is not', () => {
    expect(evaluateTcb(input({ teeTcbSvn: svn(4, 1, 1) }))).toMatchObject({
      status: 'OutOfDate',
      tdxModule: { status: 'UpToDate' },
    })
  })
  test('is out of date or revoked with its quoting enclave', () => {
    expect(evaluateTcb(input({ qeIsvSvn: 5 })).status).toBe('OutOfDate')
    expect(evaluateTcb(input({ qeIsvSvn: 3 })).status).toBe('Revoked')
  })
  test('is not supported when a part is below every level', () => {
    for (const [part, more] of [
      ['platform', { platform: { sgxComponents: [...svn(3)], pceSvn: 9 } }],
      ['tdx-module', { teeTcbSvn: svn(1, 1, 3) }],
      ['qe', { qeIsvSvn: 2 }],
    ] as const) {
      expect(() => evaluateTcb(input(more))).toThrowError(
        expect.objectContaining({ code: 'TCB_NOT_SUPPORTED', details: expect.objectContaining({ part }) }),
      )
    }
  })
  test('of SGX has no TDX components', () => {
    expect(evaluateTcb(input({ teeTcbSvn: undefined }))).toMatchObject({ status: 'UpToDate', tdxModule: undefined })
  })
  test('of SGX is out of date or revoked with its quoting enclave too', () => {
    expect(evaluateTcb(input({ teeTcbSvn: undefined, qeIsvSvn: 5 })).status).toBe('OutOfDate')
    expect(evaluateTcb(input({ teeTcbSvn: undefined, qeIsvSvn: 3 })).status).toBe('Revoked')
  })
  test('finds a TDX module by its version in upper-case hexadecimal', () => {
    const [identity] = info.tdxModuleIdentities
    if (identity === undefined) throw new Error('there is one')
    const tenth = { ...identity, id: 'TDX_0A' }
    expect(findModule({ ...info, tdxModuleIdentities: [tenth] }, svn(4, 10))).toBe(tenth)
  })
})

describe('what is said of a TCB', () => {
  const said = (more: Partial<TcbInput>, qeIdentity = 1, current?: LevelStatus) =>
    describeTcb(input(more), evaluateTcb(input(more)), qeIdentity, current).tcb
  test('has the lower of the two evaluation numbers', () => {
    expect([0, 1, 7].map((number) => said({}, number).tcbEvaluationDataNumber)).toEqual([0, 1, 1])
  })
  test('names its parts, with the day and the advisories of each', () => {
    expect(said({})).toEqual({
      status: 'UpToDate',
      tcbDate: '1970-04-14T00:00:00Z',
      advisoryIds: ['PART-4', 'PART-6', 'PLATFORM-3'],
      tcbEvaluationDataNumber: 1,
      platform: { status: 'UpToDate', tcbDate: '1970-04-14T00:00:00Z', advisoryIds: ['PLATFORM-3'] },
      tdxModule: { status: 'UpToDate', tcbDate: '1970-07-24T00:00:00Z', advisoryIds: ['PART-4'] },
      qe: { status: 'UpToDate', tcbDate: '1970-07-26T00:00:00Z', advisoryIds: ['PART-6'] },
      gaps: [],
    })
    expect(said({})).not.toHaveProperty('current')
  })
  test('of SGX has no TDX module', () => expect(said({ teeTcbSvn: undefined })).not.toHaveProperty('tdxModule'))
  test('advises a relaunch to what is better now', () => {
    const old = { teeTcbSvn: svn(3, 1, 3) }
    expect(said(old)).toMatchObject({ status: 'OutOfDate' })
    expect(said(old, 1, 'UpToDate')).toMatchObject({ status: 'TDRelaunchAdvised', current: 'UpToDate' })
  })
})

describe('the gap of a TCB', () => {
  const gaps = (more: Partial<TcbInput>) => findGaps(input(more), evaluateTcb(input(more)))
  test('is empty when it is up to date', () => expect(gaps({})).toEqual([]))
  test('is empty when only hardened software is missing, though a level without it is higher', () => {
    expect(gaps({ platform: { sgxComponents: [...svn(2)], pceSvn: 10 } })).toEqual([])
  })
  test('is empty when it is up to date by a level that is in one component below another such level', () => {
    const levels = [level(3, 'UpToDate'), level(2, 'UpToDate', { sgxComponents: components(2, 7) })]
    expect(gaps({ tcbInfo: { ...info, levels } })).toEqual([])
  })
  test('does without levels of the TDX module where it has none', () => {
    expect(gaps({ teeTcbSvn: svn(5, 0, 1) }).map(({ component }) => component)).toEqual(['tdx[2]'])
  })
  test('names each part, what it has and what it needs', () => {
    const platform = { sgxComponents: [...svn(1)], pceSvn: 10 }
    expect(gaps({ platform, teeTcbSvn: svn(2, 1, 1), qeIsvSvn: 4 })).toEqual([
      { component: 'sgx[0]', has: 1, needs: 3, advisoryIds: ['PLATFORM-1'] },
      { component: 'tdx[2]', has: 1, needs: 3, advisoryIds: ['PLATFORM-1'] },
      { component: 'tdx-module', has: 2, needs: 4, advisoryIds: ['PART-2'] },
      { component: 'qe', has: 4, needs: 6, advisoryIds: ['PART-4'] },
    ])
  })
})
