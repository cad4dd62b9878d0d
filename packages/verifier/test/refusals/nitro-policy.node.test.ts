import type { JsonObject } from '@blindai/core'
import { MOCK_NITRO_PCRS } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { explain } from '../../src/index.ts'
import { NOW } from '../support/mock.ts'
import {
  after,
  judgeNitro,
  member,
  NITRO_REFERENCE,
  nitroAuthority,
  register,
  registers,
  signedAt,
  withoutMember,
} from '../support/nitro-mock.ts'
import { type NitroRefusal, refuseNitro } from '../support/nitro-refusal.ts'
import { hex, nonce } from '../support/refusal.ts'

const OTHER = '0f'.repeat(48)
const zeros48 = new Uint8Array(48)
const referring =
  (members: JsonObject) =>
  (policy: JsonObject): JsonObject => ({
    ...policy,
    simulated: { rootSha256: [nitroAuthority.rootSha256], nitroMeasurements: [{ ...NITRO_REFERENCE, ...members }] },
  })
const young =
  (seconds: number) =>
  (policy: JsonObject): JsonObject => ({ ...policy, maximumEvidenceAgeSeconds: seconds })
const measured = (why: string, rest: Partial<NitroRefusal>): NitroRefusal => ({
  code: 'MEASUREMENT_MISMATCH',
  check: 'policy.measurement',
  why,
  ...rest,
})

refuseNitro('a proved Nitro document is not wanted', 'contraindicated', [
  ...[0, 1, 2].map(
    (number): NitroRefusal => ({
      code: 'NITRO_DEBUG',
      check: 'nitro.debug',
      why: `register ${number} zero (debug mode)`,
      changes: register(number, zeros48),
      policy: referring({ [`pcr${number}`]: '00'.repeat(48) }),
      details: { register: `PCR${number}` },
    }),
  ),
  {
    code: 'NITRO_DEBUG',
    check: 'nitro.debug',
    why: 'debug mode, although a reference value is zeros',
    changes: registers((pcrs) => pcrs.map(([number]) => [number, zeros48])),
    policy: referring({ pcr0: '00'.repeat(48), pcr1: '00'.repeat(48), pcr2: '00'.repeat(48) }),
  },
  measured('another image', {
    changes: register(0, hex(OTHER)),
    details: {
      reference: 'test release',
      register: 'pcr0',
      expected: 'b0'.repeat(48),
      actual: OTHER,
      differing: ['pcr0'],
    },
  }),
  measured('another kernel', { changes: register(1, hex(OTHER)), details: { register: 'pcr1' } }),
  measured('another application', { changes: register(2, hex(OTHER)), details: { register: 'pcr2' } }),
  measured('one bit of the image', {
    changes: register(0, hex(`b1${'b0'.repeat(47)}`)),
    details: { register: 'pcr0' },
  }),
  measured('an image measured by SHA-256', { changes: register(0, hex('b0'.repeat(32))) }),
  measured('another role', { policy: referring({ pcr3: OTHER }), details: { register: 'pcr3' } }),
  measured('another instance', { policy: referring({ pcr4: OTHER }), details: { register: 'pcr4' } }),
  measured('another signer of the image', { policy: referring({ pcr8: OTHER }), details: { register: 'pcr8' } }),
  measured('no signer of the image where one is named', {
    changes: registers((pcrs) => pcrs.filter(([number]) => number !== 8)),
    policy: referring({ pcr8: MOCK_NITRO_PCRS.pcr8 }),
    details: { register: 'pcr8', actual: '(absent)' },
  }),
  {
    code: 'EVIDENCE_TOO_OLD',
    check: 'policy.evidence-age',
    why: 'evidence a second older than the policy wants',
    policy: young(600),
    options: { now: after(601) },
    details: { signedAt: NOW, maximumSeconds: 600, now: NOW + 601 },
  },
  {
    code: 'EVIDENCE_TOO_OLD',
    check: 'policy.evidence-age',
    why: 'old evidence, although it answers our nonce',
    nonce: nonce(1),
    policy: young(600),
    options: { now: after(601), nonce: nonce(1) },
  },
  {
    code: 'EVIDENCE_FROM_FUTURE',
    check: 'policy.evidence-age',
    why: 'evidence signed more than a minute ahead of our clock',
    changes: signedAt(NOW + 61),
    policy: young(600),
    details: { signedAt: NOW + 61, toleratedSeconds: 60, now: NOW },
  },
])

describe('a simulated Nitro document', () => {
  test('is affirming, simulated, and carries the keys of its statement', async () => {
    const result = await judgeNitro()
    expect(result).toMatchObject({
      status: 'affirming',
      trustClass: 'simulated',
      trustFlags: ['code'],
      claims: { format: 'simulated-nitro', release: 'test release', signedAt: '2026-11-23T04:19:30Z' },
      channel: { tls: ['71'.repeat(32)] },
    })
    expect(result).not.toHaveProperty('tcb')
  })
  test('says that it names no TCB, and why the check is skipped', async () => {
    const result = await judgeNitro()
    expect(result.checks.find(({ code }) => code === 'policy.tcb-status')).toMatchObject({
      status: 'skipped',
      error: { code: 'TCB_NOT_REPORTED' },
    })
    expect(explain(result)).toContain('TCB: not reported')
  })
  test('without reference values is a warning, and carries no key', async () => {
    const result = await judgeNitro({
      policy: (policy) => ({ ...policy, simulated: { rootSha256: [nitroAuthority.rootSha256] } }),
    })
    expect(result).toMatchObject({ status: 'warning', failed: { error: { code: 'MEASUREMENT_NOT_CHECKED' } } })
    expect(result).not.toHaveProperty('channel')
  })
  test('does not match reference values for hardware', async () => {
    const policy = (old: JsonObject): JsonObject => ({
      ...old,
      simulated: { rootSha256: [nitroAuthority.rootSha256] },
      nitro: { measurements: [NITRO_REFERENCE] },
    })
    expect(await judgeNitro({ policy })).toMatchObject({ status: 'warning' })
  })
  test('is held to the optional registers that its release names', async () => {
    const { pcr3, pcr4, pcr8 } = MOCK_NITRO_PCRS
    const result = await judgeNitro({ policy: referring({ pcr3, pcr4, pcr8 }) })
    expect(result.status).toBe('affirming')
    expect(result.checks.find(({ code }) => code === 'policy.optional-registers')?.status).toBe('passed')
  })
  test('is young enough in the last second that the policy allows, without a nonce', async () => {
    const result = await judgeNitro({ policy: young(600), options: { now: after(600) } })
    expect(result).toMatchObject({ status: 'affirming', freshness: 'skipped' })
    expect(result.checks.find(({ code }) => code === 'policy.evidence-age')?.status).toBe('passed')
  })
  test('may be signed by a clock that is a minute ahead', async () => {
    expect((await judgeNitro({ changes: signedAt(NOW + 60), policy: young(600) })).status).toBe('affirming')
  })
  test('may have the tag of COSE_Sign1, and a document that says its length', async () => {
    const tagged = { evidence: (bytes: Uint8Array) => new Uint8Array([0xd2, ...bytes]) }
    expect((await judgeNitro({ changes: tagged })).status).toBe('affirming')
    const counted = { payload: (bytes: Uint8Array) => new Uint8Array([0xa9, ...bytes.slice(1, -1)]) }
    expect((await judgeNitro({ changes: counted })).status).toBe('affirming')
  })
  test('may leave out what is optional, and have a nonce and a key that nothing rests on', async () => {
    expect((await judgeNitro({ changes: withoutMember('public_key') })).status).toBe('affirming')
    const changes = member('nonce', nonce(7))
    expect(await judgeNitro({ changes })).toMatchObject({ status: 'affirming', claims: { nonce: '07'.repeat(32) } })
    const withKey = member('public_key', nonce(8))
    expect(await judgeNitro({ changes: withKey })).toMatchObject({ claims: { publicKey: '08'.repeat(32) } })
  })
})
