import { fromHex, type JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeNvidia } from '../src/appraisal/judge-nvidia.ts'
import type { ProvedNvidia } from '../src/formats/nvidia/prove-nvidia.ts'
import { parsePolicy } from '../src/index.ts'

const hash = (digit: string): string => digit.repeat(96)
const measurements = ['0', '1', '2', '3'].map((digit) => fromHex('measurement', hash(digit)))
const claims: ProvedNvidia['claims'] = {
  format: 'nvidia',
  rootSha256: '',
  rimRootSha256: '',
  reportData: '',
  architecture: 'Hopper',
  hardwareModel: '',
  deviceSerial: '',
  driverVersion: '550.90.07',
  vbiosVersion: '96.00.9f.00.01',
  chipSku: '882',
  project: 'G520',
  projectSku: '0200',
  nvdec0: 'disabled',
  protectedPcie: false,
  otherFields: [],
  gpuMeasurements: {},
  uncomparedMeasurements: [],
  revocation: 'good',
}

function judged(members: Partial<ProvedNvidia>, nvidia: JsonObject = {}) {
  const policy = parsePolicy({ version: 1, name: 'test', nvidia })
  const checks = new CheckList([
    'policy.trust-class',
    'nvidia.host',
    'nvidia.measurements',
    'nvidia.protected-pcie',
    'policy.driver-version',
    'policy.vbios-version',
  ])
  const proved: ProvedNvidia = {
    technology: 'nvidia',
    trustClass: 'hardware',
    measurements,
    released: new Map(),
    report: { reportData: new Uint8Array(), reportDataHash: 'SHA-256' },
    claims,
    ...members,
  }
  judgeNvidia(checks, proved, policy)
  const found = (code: string) => checks.all.find((check) => check.code === code)
  return {
    measured: found('nvidia.measurements'),
    driver: found('policy.driver-version'),
    vbios: found('policy.vbios-version'),
  }
}

describe('what a GPU measured', () => {
  test('may be any of what was released', () => {
    const released = new Map([
      [2, [hash('9'), hash('1')]],
      [1, [hash('0')]],
    ])
    expect(judged({ released }).measured).toMatchObject({ status: 'passed' })
  })
  test('is told from what was released by number, lowest first', () => {
    const released = new Map([
      [4, [hash('9')]],
      [1, [hash('0')]],
      [10, [hash('8')]],
      [2, [hash('7'), hash('6')]],
    ])
    expect(judged({ released }).measured).toMatchObject({
      status: 'failed',
      error: {
        code: 'NVIDIA_MEASUREMENT_MISMATCH',
        details: { index: 2, released: [hash('7'), hash('6')], actual: hash('1'), differing: [2, 4, 10] },
      },
    })
    expect(judged({ released: new Map([[10, [hash('8')]]]) }).measured).toMatchObject({
      error: { details: { index: 10, actual: '' } },
    })
  })
  test('is not compared where nothing measured it', () => {
    const released = new Map([[4, [hash('9')]]])
    expect(judged({ released, claims: { ...claims, uncomparedMeasurements: [4] } }).measured).toMatchObject({
      status: 'passed',
    })
  })
})

describe('the versions of a GPU', () => {
  const driver = (minimumDriverVersion: string) => judged({}, { minimumDriverVersion }).driver?.status
  const vbios = (minimumVbiosVersion: string) => judged({}, { minimumVbiosVersion }).vbios?.status
  test('are compared number by number, those of the driver in decimal', () => {
    for (const minimum of ['550.90.07', '550.90.7', '550.90', '550.9.99', '99.99.99']) {
      expect(driver(minimum), minimum).toBe('passed')
    }
    for (const minimum of ['550.90.08', '550.91', '551.0', '550.90.07.1'])
      expect(driver(minimum), minimum).toBe('failed')
  })
  test('are lower than any where a driver writes them in letters', () => {
    const lettered = { ...claims, driverVersion: '550.9a.07' }
    const nvidia = { minimumDriverVersion: '550.90.07' }
    expect(judged({ claims: lettered }, nvidia).driver).toMatchObject({
      status: 'failed',
      error: {
        code: 'NVIDIA_VERSION_TOO_LOW',
        details: { part: 'driver', minimum: '550.90.07', actual: '550.9a.07' },
      },
    })
  })
  test('are compared in hexadecimal for a VBIOS', () => {
    for (const minimum of ['96.00.9f.00.01', '96.00.9e.ff.ff', '00.ff.ff.ff.ff', '96.00.09.99.99']) {
      expect(vbios(minimum), minimum).toBe('passed')
    }
    for (const minimum of ['96.00.9f.00.02', '96.00.a0.00.00', '97.00.00.00.00'])
      expect(vbios(minimum), minimum).toBe('failed')
    expect(judged({}, { minimumVbiosVersion: '96.00.9f.00.02' }).vbios).toMatchObject({
      error: {
        code: 'NVIDIA_VERSION_TOO_LOW',
        details: { part: 'VBIOS', minimum: '96.00.9f.00.02', actual: '96.00.9f.00.01' },
      },
    })
  })
  test('are not asked for where the policy names none', () => {
    const { driver, vbios } = judged({})
    expect([driver?.status, vbios?.status]).toEqual(['skipped', 'skipped'])
  })
})
