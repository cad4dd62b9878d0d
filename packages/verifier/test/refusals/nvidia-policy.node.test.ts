import { derExplicit, derOctetString, fromHex, toHex, utf8 } from '@blindai/core'
import { mockMeasurement } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../src/x509/certificate.ts'
import {
  block,
  entry,
  field,
  judgeNvidia,
  judgeNvidiaDocument,
  NVIDIA_REFERENCE,
  nvidiaAuthority,
  nvidiaPolicy,
  ocsp,
} from '../support/nvidia-mock.ts'
import { by, refuseNvidia } from '../support/nvidia-refusal.ts'
import { flip, hex } from '../support/refusal.ts'

const measurements = by('nvidia.measurements')
const identity = parseCertificate('identity', nvidiaAuthority.certificates.identity)
const identityId = derExplicit(2, derOctetString(fromHex('key', identity.subjectKeyIdentifier ?? '')))
const apply = <T>(change: ((value: T) => T) | undefined, value: T): T => change?.(value) ?? value
const reference = (members: object) => (policy: object) => ({
  ...policy,
  simulated: { ...Object(policy).simulated, nvidiaMeasurements: [{ ...NVIDIA_REFERENCE, ...members }] },
})

/** Index n of a manifest is measurement n + 1 of a report. Source: NVIDIA's attestation SDK. */
refuseNvidia('a report of a GPU is not wanted', 'contraindicated', [
  measurements('NVIDIA_MEASUREMENT_MISMATCH', 'one bit of a measurement of the driver is other', {
    changes: block(8, (old) => flip(old, 54)),
    details: { index: 8, released: [toHex(mockMeasurement(8))], differing: [8] },
  }),
  measurements('NVIDIA_MEASUREMENT_MISMATCH', 'one bit of the first measurement of the VBIOS is other', {
    changes: block(1, (old) => flip(old, 7)),
    details: { index: 1 },
  }),
  measurements('NVIDIA_MEASUREMENT_MISMATCH', 'a measurement is none of its alternatives', {
    changes: block(36, (old) => flip(old, 7)),
    details: { index: 36, released: ['11'.repeat(48), toHex(mockMeasurement(36))] },
  }),
  measurements('NVIDIA_MEASUREMENT_MISMATCH', 'NVIDIA released something else', {
    changes: entry(40, (old) => ({ ...old, hashes: ['00'.repeat(48)] })),
    details: { index: 41 },
  }),
  by('nvidia.protected-pcie')('NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED', 'protected PCIe is on', {
    changes: field(21, hex('aa')),
    details: { accepted: [false], actual: true },
  }),
  by('nvidia.protected-pcie')(
    'NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED',
    'protected PCIe is off where the policy wants it on',
    {
      policy: nvidiaPolicy({ protectedPcie: [true] }),
    },
  ),
  by('policy.driver-version')('NVIDIA_VERSION_TOO_LOW', 'the driver is older than the policy wants', {
    policy: nvidiaPolicy({ minimumDriverVersion: '550.90.12' }),
    details: { part: 'driver', minimum: '550.90.12', actual: '550.90.07' },
  }),
  by('policy.driver-version')('NVIDIA_VERSION_TOO_LOW', 'the driver version is shorter than the minimum', {
    policy: nvidiaPolicy({ minimumDriverVersion: '550.90.07.1' }),
  }),
  by('policy.driver-version')('NVIDIA_VERSION_TOO_LOW', 'the driver version is no list of numbers', {
    changes: {
      ...field(3, utf8('550.90.07-beta\0')),
      driverRim: { fields: (rim) => ({ ...rim, version: '550.90.07-beta' }) },
    },
    policy: nvidiaPolicy({ minimumDriverVersion: '550.90.07' }),
    details: { actual: '550.90.07-beta' },
  }),
  by('policy.vbios-version')('NVIDIA_VERSION_TOO_LOW', 'the VBIOS is older than the policy wants', {
    policy: nvidiaPolicy({ minimumVbiosVersion: '96.00.a0.00.00' }),
    details: { part: 'VBIOS', actual: '96.00.9f.00.01' },
  }),
  by('policy.measurement')('MEASUREMENT_MISMATCH', 'another driver than was reviewed', {
    policy: reference({ driverVersion: '550.127.05' }),
    details: { register: 'driverVersion', expected: '550.127.05', actual: '550.90.07' },
  }),
  by('policy.measurement')('MEASUREMENT_MISMATCH', 'another board than was reviewed', {
    policy: reference({ chipSku: '885' }),
    details: { register: 'chipSku', actual: '882' },
  }),
])

describe('a report of a GPU', () => {
  test('is compared at the video decoder only while that is on', async () => {
    const other = block(36, (old) => flip(old, 7))
    const off = field(11, hex('55'))
    expect(await judgeNvidia({ changes: other })).toMatchObject({ status: 'contraindicated' })
    const result = await judgeNvidia({
      changes: { report: (fields) => apply(off.report, apply(other.report, fields)) },
    })
    expect(result).toMatchObject({
      status: 'affirming',
      claims: { nvdec0: 'disabled', uncomparedMeasurements: [36] },
    })
  })
  test('is at best a warning where the policy names no version', async () => {
    const result = await judgeNvidia({
      policy: ({ simulated, ...policy }) => ({ ...policy, simulated: { rootSha256: Object(simulated).rootSha256 } }),
    })
    expect(result).toMatchObject({
      status: 'warning',
      trustFlags: [],
      failed: { code: 'policy.measurement', status: 'skipped', error: { code: 'MEASUREMENT_NOT_CHECKED' } },
    })
  })
  test('does without responses where the policy says so, and says which is missing', async () => {
    const result = await judgeNvidia({
      endorsements: (all) => ({ ...all, ocsp: [] }),
      policy: nvidiaPolicy({ requireOcsp: false }),
    })
    expect(result).toMatchObject({ status: 'affirming', claims: { revocation: 'incomplete' } })
    expect(result.checks.find(({ code }) => code === 'nvidia.revocation')).toMatchObject({
      status: 'skipped',
      error: { code: 'OCSP_RESPONSE_MISSING', details: { subject: 'NVIDIA GH100 Provisioner ICA 1' } },
    })
  })
  test('is accepted where the authority itself answers for its certificates', async () => {
    const result = await judgeNvidia({
      changes: ocsp('provisioner', (old) => ({
        ...old,
        certificates: [],
        responderId: identityId,
        signingKey: nvidiaAuthority.keys.identity,
      })),
    })
    expect(result).toMatchObject({ status: 'affirming', claims: { revocation: 'good' } })
  })
  test('names no firmware where the GPU does not, and that is skipped', async () => {
    const result = await judgeNvidia({ changes: field(20, undefined) })
    expect(result.status).toBe('affirming')
    expect(result.checks.find(({ code }) => code === 'nvidia.fwid')).toMatchObject({ status: 'skipped' })
    expect(result.claims).not.toHaveProperty('fwid')
  })
  test('is recent enough at exactly the minimum, and above it in any place', async () => {
    for (const minimumDriverVersion of ['550.90.07', '550.89.99', '549.127.5', '550.90']) {
      expect(await judgeNvidia({ policy: nvidiaPolicy({ minimumDriverVersion }) })).toMatchObject({
        status: 'affirming',
      })
    }
  })
})

describe('a document whose only evidence is a report of a GPU', () => {
  test('is never affirming and carries no keys, however right the report is', async () => {
    const result = await judgeNvidiaDocument()
    expect(result).toMatchObject({
      status: 'warning',
      failed: { code: 'nvidia.host', status: 'skipped', error: { code: 'DEVICE_EVIDENCE_ALONE' } },
    })
    expect(result).not.toHaveProperty('channel')
    expect(result.checks.filter(({ status }) => status === 'failed')).toEqual([])
  })
  test('is refused when the GPU was asked with another nonce', async () => {
    const result = await judgeNvidiaDocument({
      changes: { report: (fields) => ({ ...fields, request: flip(fields.request, 4) }) },
    })
    expect(result).toMatchObject({
      status: 'none',
      failed: { code: 'binding.report-data', error: { code: 'REPORT_DATA_MISMATCH' } },
    })
  })
})
