import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../src/index.ts'
import { HCL_REGISTERS } from '../src/policy/parse-hcl.ts'
import { NVIDIA_REGISTERS, OPTIONAL_NVIDIA_REGISTERS } from '../src/policy/parse-nvidia.ts'

const HEAD: JsonObject = { version: 1, name: 'devices' }
const NAMED: JsonObject = { name: 'release', date: '2026-11-20' }
const refused = (members: JsonObject, code: string, details: object): void =>
  expect(() => parsePolicy({ ...HEAD, ...members })).toThrow(expect.objectContaining({ code, details }))
const [D32, D48] = ['ab'.repeat(32), 'cd'.repeat(48)]

describe('a policy for TPMs', () => {
  const tpm = (members: JsonObject) => parsePolicy({ ...HEAD, tpm: members }).tpm
  test('that says nothing trusts the clouds and nobody else', () => {
    const usual = { measurements: [], attestationKeys: [], akRoots: [], cloudRoots: true, ekRoots: [] }
    expect(parsePolicy(HEAD).tpm).toEqual(usual)
    expect(tpm({})).toEqual(usual)
  })
  test('may name authorities of both kinds of keys, and no cloud', () =>
    expect(tpm({ akRoots: [D32], ekRoots: ['ef'.repeat(32)], cloudRoots: false })).toEqual({
      measurements: [],
      attestationKeys: [],
      akRoots: [D32],
      cloudRoots: false,
      ekRoots: ['ef'.repeat(32)],
    }))
  test('names no authority that is simulated', () =>
    refused({ tpm: { akRoots: [D32] }, simulated: { rootSha256: [D32] } }, 'POLICY_CONTRADICTION', {
      field: 'policy.tpm.akRoots',
      other: 'policy.simulated.rootSha256',
      value: D32,
    }))
  test('has no member that nobody knows', () => {
    refused({ tpm: { more: 1 } }, 'UNKNOWN_MEMBER', { field: 'policy.tpm', member: 'more' })
    const measurement = { ...NAMED, pcrs: { '0': D32 } }
    refused({ tpm: { measurements: [{ ...measurement, more: 1 }] } }, 'UNKNOWN_MEMBER', {
      field: 'policy.tpm.measurements[0]',
      member: 'more',
    })
    refused({ tpm: { attestationKeys: [{ name: `000b${D32}`, date: '2026-11-20', more: 1 }] } }, 'UNKNOWN_MEMBER', {
      field: 'policy.tpm.attestationKeys[0]',
      member: 'more',
    })
  })
  test.each([`000b${D32}`, `000c${D48}`])('may name the key %s', (name) => {
    const key = { name, date: '2026-11-20' }
    expect(
      tpm({ attestationKeys: [{ ...key, name: name.toUpperCase(), label: 'desk' }, key] }).attestationKeys,
    ).toEqual([{ ...key, label: 'desk' }, key])
  })
  test.each([
    `000b${D48}`,
    `000c${D32}`,
    `000d${D32}`,
    `x000b${D32}`,
    `000b${D32}00`,
    `00000b${D32}`,
    `000b${D32.slice(1)}g`,
    `0000c${D48.slice(1)}`,
  ])('names no key %s', (name) =>
    refused({ tpm: { attestationKeys: [{ name, date: '2026-11-20' }] } }, 'WRONG_VALUE', {
      field: 'policy.tpm.attestationKeys[0].name',
      expected: 'a name of a TPM: 000b and 32 bytes, or 000c and 48 bytes, in hexadecimal',
    }),
  )
  test('names keys of a day that there is', () =>
    expect(() =>
      parsePolicy({ ...HEAD, tpm: { attestationKeys: [{ name: `000b${D32}`, date: '2026-02-30' }] } }),
    ).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ field: 'policy.tpm.attestationKeys[0].date' }),
      }),
    ))
  test('has values of registers that last, in the bank that it names', () => {
    const lasting = [...Array(16).keys(), 17, 18, 19, 20, 21, 22].map(String)
    const pcrs = Object.fromEntries(lasting.map((pcr) => [pcr, D48]))
    expect(tpm({ measurements: [{ ...NAMED, bank: 'sha384', pcrs }] }).measurements).toEqual([
      { ...NAMED, bank: 'sha384', pcrs },
    ])
    expect(tpm({ measurements: [{ ...NAMED, pcrs: { '7': D32 } }] }).measurements).toEqual([
      { ...NAMED, bank: 'sha256', pcrs: { '7': D32 } },
    ])
    for (const pcr of ['16', '23', '24', '-1', '07']) {
      refused({ tpm: { measurements: [{ ...NAMED, pcrs: { '0': D32, [pcr]: D32 } }] } }, 'UNKNOWN_MEMBER', {
        field: 'policy.tpm.measurements[0].pcrs',
        member: pcr,
      })
    }
    refused({ tpm: { measurements: [{ ...NAMED, pcrs: {} }] } }, 'WRONG_VALUE', {
      field: 'policy.tpm.measurements[0].pcrs',
      expected: 'with at least one register',
    })
    refused({ tpm: { measurements: [{ ...NAMED, bank: 'sha384', pcrs: { '0': D32 } }] } }, 'WRONG_LENGTH', {
      field: 'policy.tpm.measurements[0].pcrs.0',
      expected: 48,
      actual: 32,
    })
  })
})

describe('a policy for Azure machines', () => {
  const pcrs = { '4': D32 }
  const read = (members: JsonObject) =>
    parsePolicy({ ...HEAD, azureHcl: { measurements: [{ ...NAMED, pcrs, ...members }] } }).azureHcl.measurements
  const TDX = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'mrSeam', 'mrConfigId', 'mrOwner', 'mrOwnerConfig', 'mrServiceTd']
  const SNP = { hostData: 32, idKeyDigest: 48, authorKeyDigest: 48, familyId: 16, imageId: 16 }
  test('may name none', () => {
    expect(parsePolicy(HEAD).azureHcl).toEqual({ measurements: [] })
    expect(parsePolicy({ ...HEAD, azureHcl: {} }).azureHcl).toEqual({ measurements: [] })
  })
  test('knows the registers of both kinds of hardware', () =>
    expect(HCL_REGISTERS).toEqual(['measurement', 'mrTd', ...Object.keys(SNP), ...TDX]))
  test('names a launch digest of AMD, and what may stand beside it', () => {
    const registers = {
      measurement: D48,
      ...Object.fromEntries(Object.entries(SNP).map(([register, bytes]) => [register, 'ab'.repeat(bytes)])),
    }
    expect(read(registers)).toEqual([{ ...NAMED, registers, bank: 'sha256', pcrs }])
    expect(read({ measurement: D48 })).toEqual([{ ...NAMED, registers: { measurement: D48 }, bank: 'sha256', pcrs }])
  })
  test('names MRTD of Intel, and what may stand beside it', () => {
    const registers = { mrTd: D48, ...Object.fromEntries(TDX.map((register) => [register, D48])) }
    expect(read(registers)).toEqual([{ ...NAMED, registers, bank: 'sha256', pcrs }])
  })
  test('names one of the two, and nothing of the other', () => {
    const field = 'policy.azureHcl.measurements[0]'
    const either = { field, expected: 'with either measurement (SEV-SNP) or mrTd (TDX)' }
    const entry = (members: JsonObject): JsonObject => ({
      azureHcl: { measurements: [{ ...NAMED, pcrs, ...members }] },
    })
    refused(entry({}), 'WRONG_VALUE', either)
    refused(entry({ measurement: D48, mrTd: D48 }), 'WRONG_VALUE', either)
    refused(entry({ measurement: D48, rtmr0: D48 }), 'UNKNOWN_MEMBER', { field, member: 'rtmr0' })
    refused(entry({ mrTd: D48, hostData: D32 }), 'UNKNOWN_MEMBER', { field, member: 'hostData' })
    refused(entry({ mrTd: D32 }), 'WRONG_LENGTH', { field: `${field}.mrTd`, expected: 48, actual: 32 })
    refused(entry({ measurement: D32 }), 'WRONG_LENGTH', { field: `${field}.measurement`, expected: 48, actual: 32 })
    refused({ azureHcl: { more: 1 } }, 'UNKNOWN_MEMBER', { field: 'policy.azureHcl', member: 'more' })
  })
})

describe('a policy for GPUs', () => {
  const nvidia = (members: JsonObject) => parsePolicy({ ...HEAD, nvidia: members }).nvidia
  const VERSIONS = { driverVersion: '550.90.07', vbiosVersion: '96.00.9f.00.01' }
  test('that says nothing wants every status, and no shared protection', () => {
    const usual = { measurements: [], requireOcsp: true, protectedPcie: [false] }
    expect(parsePolicy(HEAD).nvidia).toEqual(usual)
    expect(nvidia({})).toEqual(usual)
    expect(Object.keys(nvidia({})).sort()).toEqual(Object.keys(usual).sort())
  })
  test('may ask for less or more', () => {
    const asked = { minimumDriverVersion: '550.90', minimumVbiosVersion: '96.00.9f.00.00' }
    expect(nvidia({ requireOcsp: false, protectedPcie: [true, false], ...asked })).toEqual({
      measurements: [],
      requireOcsp: false,
      protectedPcie: [true, false],
      ...asked,
    })
  })
  test('names the versions of a GPU, and what may stand beside them', () => {
    expect(NVIDIA_REGISTERS).toEqual(['driverVersion', 'vbiosVersion'])
    expect(OPTIONAL_NVIDIA_REGISTERS).toEqual(['chipSku', 'project', 'projectSku'])
    const reference = { ...NAMED, ...VERSIONS, chipSku: '!~', project: 'G520', projectSku: '0200' }
    expect(nvidia({ measurements: [reference] }).measurements).toEqual([reference])
    expect(nvidia({ measurements: [{ ...NAMED, ...VERSIONS }] }).measurements).toEqual([{ ...NAMED, ...VERSIONS }])
    const field = 'policy.nvidia.measurements[0]'
    refused({ nvidia: { measurements: [{ ...reference, more: 1 }] } }, 'UNKNOWN_MEMBER', { field, member: 'more' })
    refused({ nvidia: { more: 1 } }, 'UNKNOWN_MEMBER', { field: 'policy.nvidia', member: 'more' })
    for (const chipSku of ['', 'a b', ' a', 'a ', 'ä', '\x7f']) {
      refused({ nvidia: { measurements: [{ ...reference, chipSku }] } }, 'WRONG_VALUE', {
        field: `${field}.chipSku`,
        expected: 'printable text',
      })
    }
    refused({ nvidia: { measurements: [{ ...reference, project: 'a'.repeat(65) }] } }, 'TOO_LONG', {
      field: `${field}.project`,
      length: 65,
      limit: 64,
    })
  })
  test.each(['1.2', '550.90.07', '1.2.3.4', '999999.999999'])('may ask for the driver %s', (version) =>
    expect(nvidia({ minimumDriverVersion: version }).minimumDriverVersion).toBe(version),
  )
  test.each([
    '',
    '550',
    '550.',
    '.550',
    '1.2.3.4.5',
    'a550.90',
    '550.90a',
    '550.x',
    '1234567.1',
    '1.1234567',
    '550,90',
  ])('asks for no driver %s', (version) =>
    refused({ nvidia: { minimumDriverVersion: version } }, 'WRONG_VALUE', {
      field: 'policy.nvidia.minimumDriverVersion',
      expected: 'a version like 550.90.07',
    }),
  )
  test.each([
    '',
    '96.00.9f.00',
    '96.00.9f.00.01.00',
    '96.00.9F.00.01',
    'x96.00.9f.00.01',
    '96.00.9f.00.01x',
    '9.00.9f.00.01',
    '96.0.9f.00.01',
    'g6.00.9f.00.01',
    '96.0g.9f.00.01',
    '96-00-9f-00-01',
  ])('asks for no VBIOS %s', (version) =>
    refused({ nvidia: { minimumVbiosVersion: version } }, 'WRONG_VALUE', {
      field: 'policy.nvidia.minimumVbiosVersion',
      expected: 'a version like 96.00.9f.00.01',
    }),
  )
})
