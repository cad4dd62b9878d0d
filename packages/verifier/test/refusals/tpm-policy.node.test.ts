import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CLOUD_AK_ROOT_SHA256, parsePolicy } from '../../src/index.ts'
import { TPM_POLICY, TPM_REFERENCE, tpm, tpmAuthority } from '../support/tpm-mock.ts'
import { refuseTpm, type TpmRefusal } from '../support/tpm-refusal.ts'

const { pcrs } = TPM_REFERENCE
const reference = (members: JsonObject): JsonObject => ({ ...TPM_REFERENCE, ...members })
const wanted = (code: string, why: string, rest: Partial<TpmRefusal>): TpmRefusal => ({
  code,
  check: 'policy.measurement',
  why,
  ...rest,
})

refuseTpm('a proved quote is not wanted', 'contraindicated', [
  wanted('TRUST_CLASS_NOT_ACCEPTED', 'under a policy that wants hardware, as one does that says nothing', {
    check: 'policy.trust-class',
    policy: ({ trustClasses: _, ...policy }) => policy,
    details: { accepted: ['hardware'], actual: 'measured-boot' },
  }),
  wanted('MEASUREMENT_MISMATCH', 'with another register', {
    policy: tpm({ measurements: [reference({ pcrs: { ...pcrs, 4: '00'.repeat(32) } })] }),
    details: {
      reference: 'test release',
      register: 'sha256 PCR 4',
      expected: '00'.repeat(32),
      actual: 'a4'.repeat(32),
    },
  }),
  wanted('MEASUREMENT_MISMATCH', 'with a register that it was not quoted over', {
    policy: tpm({ measurements: [reference({ pcrs: { ...pcrs, 9: '00'.repeat(32) } })] }),
    details: { register: 'sha256 PCR 9', actual: '(absent)' },
  }),
  wanted('MEASUREMENT_MISMATCH', 'with registers of another bank', {
    policy: tpm({ measurements: [reference({ bank: 'sha384', pcrs: { 4: 'a4'.repeat(48) } })] }),
    details: { register: 'sha384 PCR 4', actual: '(absent)' },
  }),
  wanted('MEASUREMENT_MISMATCH', 'where two releases have one of its registers each', {
    policy: tpm({
      measurements: [
        reference({ name: 'a', pcrs: { 4: 'a4'.repeat(32), 7: '00'.repeat(32) } }),
        reference({ name: 'b', pcrs: { 4: '00'.repeat(32), 7: 'a7'.repeat(32) } }),
      ],
    }),
    details: { reference: 'a', register: 'sha256 PCR 7', differing: ['sha256 PCR 7'] },
  }),
  wanted('MEASUREMENT_MISMATCH', 'of a software TPM, by the values of real ones', {
    base: 'simulated-tpm',
    policy: ({ simulated, ...policy }) => ({
      ...policy,
      simulated: { ...Object(simulated), tpmMeasurements: [reference({ pcrs: { 4: '00'.repeat(32) } })] },
      tpm: { measurements: [TPM_REFERENCE] },
    }),
  }),
  wanted('EVIDENCE_AGE_UNKNOWN', 'when its age matters and no nonce was sent', {
    check: 'policy.evidence-age',
    policy: (policy) => ({ ...policy, maximumEvidenceAgeSeconds: 60 }),
  }),
  wanted('SOFTWARE_NOT_ACCEPTED', 'when it runs other software', {
    check: 'policy.software',
    policy: (policy) => ({ ...policy, softwareDigests: ['00'.repeat(32)] }),
  }),
])

describe('a policy on TPMs is refused', () => {
  const name = tpmAuthority.akName
  const date = '2026-11-27'
  for (const [why, members, error] of [
    [
      'with an unknown member',
      { eventLog: true },
      { code: 'UNKNOWN_MEMBER', details: { field: 'policy.tpm', member: 'eventLog' } },
    ],
    [
      'with a reference value without a register',
      { measurements: [reference({ pcrs: {} })] },
      {
        code: 'WRONG_VALUE',
        details: { field: 'policy.tpm.measurements[0].pcrs', expected: 'with at least one register' },
      },
    ],
    [
      'with a reference value for a register that anybody clears',
      { measurements: [reference({ pcrs: { 16: '00'.repeat(32) } })] },
      { code: 'UNKNOWN_MEMBER', details: { field: 'policy.tpm.measurements[0].pcrs', member: '16' } },
    ],
    [
      'with a value as long as that of another bank',
      { measurements: [reference({ pcrs: { 4: '00'.repeat(48) } })] },
      { code: 'TOO_LONG' },
    ],
    ['with a bank that does not count', { measurements: [reference({ bank: 'sha1' })] }, { code: 'WRONG_VALUE' }],
    [
      'with two reference values of one name',
      { measurements: [TPM_REFERENCE, TPM_REFERENCE] },
      { code: 'POLICY_DUPLICATE_REFERENCE', details: { field: 'policy.tpm.measurements', name: 'test release' } },
    ],
    [
      'with the digest of a key in the place of its name',
      { attestationKeys: [{ name: name.slice(4), date }] },
      { code: 'WRONG_VALUE', details: expect.objectContaining({ field: 'policy.tpm.attestationKeys[0].name' }) },
    ],
    [
      'with the name of a key by SHA-1',
      { attestationKeys: [{ name: `0004${'00'.repeat(20)}`, date }] },
      { code: 'WRONG_VALUE' },
    ],
    [
      'with a key of no day',
      { attestationKeys: [{ name }] },
      { code: 'MISSING_MEMBER', details: expect.objectContaining({ member: 'date' }) },
    ],
    ['with a key of a day that is none', { attestationKeys: [{ name, date: '2026-02-30' }] }, { code: 'WRONG_VALUE' }],
    ['with the digest of an authority cut short', { akRoots: ['00'.repeat(31)] }, { code: 'WRONG_LENGTH' }],
    [
      'with clouds that are neither in nor out',
      { cloudRoots: 1 },
      { code: 'WRONG_TYPE', details: expect.objectContaining({ field: 'policy.tpm.cloudRoots' }) },
    ],
  ] as const) {
    test(why, () => {
      expect(parsePolicy(TPM_POLICY).tpm.cloudRoots).toBe(true)
      expect(() => parsePolicy(tpm(members)(TPM_POLICY))).toThrowError(expect.objectContaining(error))
    })
  }
  test('with the authority of a cloud as a simulated root', () => {
    const simulated = { rootSha256: [CLOUD_AK_ROOT_SHA256.azureRoot2023] }
    expect(() => parsePolicy({ version: 1, name: 'test', simulated })).toThrowError(
      expect.objectContaining({ code: 'POLICY_HARDWARE_ROOT_SIMULATED' }),
    )
  })
})
