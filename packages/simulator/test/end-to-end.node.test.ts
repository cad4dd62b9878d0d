import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unixSeconds } from '@blindai/core'
import type { Attester } from '@blindai/server'
import { createMockAuthority, MOCK_MEASUREMENTS, openSimulator, type Simulator } from '@blindai/simulator'
import { DEFAULT_POLICY, exitCode, type Policy, verify } from '@blindai/verifier'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attest, channel, clock, failure, NOW, nonce, policyFor, TLS_KEY } from './attested.ts'

describe('evidence of the simulator', () => {
  let folder: string
  let simulator: Simulator
  let attester: Attester
  let policy: Policy

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-end-to-end-'))
    simulator = await openSimulator(folder, { clock })
    attester = await attest(simulator.source, { digest: simulator.softwareDigest })
    policy = policyFor(simulator.rootSha256, simulator.measurements)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is affirmed by a policy that names its root and measurements, as simulated', async () => {
    const result = await verify(await attester.document(nonce(1)), policy, { now: NOW, nonce: nonce(1), channel })
    expect(result).toMatchObject({ status: 'affirming', trustClass: 'simulated', channel: { tls: [TLS_KEY] } })
    expect(result.failed).toBeUndefined()
    expect(exitCode(result)).toBe(0)
  })

  test('is affirmed from the cache, with freshness skipped', async () => {
    const result = await verify(await attester.document(), policy, { now: NOW, channel })
    expect(result).toMatchObject({ status: 'affirming', freshness: 'skipped' })
  })

  test('is affirmed for each of several callers that share it, and for nobody else', async () => {
    const documents = await Promise.all([1, 2, 3].map((fill) => attester.document(nonce(fill))))
    for (const [index, document] of documents.entries()) {
      const result = await verify(document, policy, { now: NOW, nonce: nonce(index + 1), channel })
      expect(result).toMatchObject({ status: 'affirming', freshness: 'nonce' })
    }
    const other = await verify(documents[0] ?? new Uint8Array(), policy, { now: NOW, nonce: nonce(4), channel })
    expect(failure(other)).toBe('NONCE_MISMATCH')
  })

  test('is refused by the default policy', async () => {
    const result = await verify(await attester.document(), DEFAULT_POLICY, { now: NOW, channel })
    expect(failure(result)).toBe('SIMULATED_NOT_ALLOWED')
    expect(result).not.toHaveProperty('channel')
  })

  test('is refused by the policy of another installation', async () => {
    const elsewhere = policyFor('00'.repeat(32), simulator.measurements)
    expect(failure(await verify(await attester.document(), elsewhere, { now: NOW, channel }))).toBe(
      'SIMULATED_ROOT_UNKNOWN',
    )
  })

  test('is refused when it is labelled hardware', async () => {
    const relabelled = await attest({ ...simulator.source, format: 'tdx' })
    expect(failure(await verify(await relabelled.document(), policy, { now: NOW, channel }))).toBe(
      'SIMULATED_LABELLED_HARDWARE',
    )
  })

  test('is refused when a register differs, by the register', async () => {
    const { rtmr2 } = simulator.measurements
    const other = policyFor(simulator.rootSha256, { ...simulator.measurements, rtmr2: 'ff'.repeat(48) })
    const result = await verify(await attester.document(), other, { now: NOW, channel })
    expect(result.failed?.error).toMatchObject({
      code: 'MEASUREMENT_MISMATCH',
      details: { register: 'rtmr2', expected: 'ff'.repeat(48), actual: rtmr2 },
    })
  })

  test('is affirmed again after a restart, under the same root', async () => {
    const restarted = await openSimulator(folder, { clock })
    expect(restarted.rootSha256).toBe(simulator.rootSha256)
    const document = await (await attest(restarted.source)).document(nonce(5))
    expect(await verify(document, policy, { now: NOW, nonce: nonce(5), channel })).toMatchObject({
      status: 'affirming',
    })
  })
})

describe('evidence of a mock authority', () => {
  test('is affirmed as it is', async () => {
    const authority = createMockAuthority({ now: NOW })
    const attester = await attest(authority.source())
    const policy = policyFor(authority.rootSha256, MOCK_MEASUREMENTS)
    const result = await verify(await attester.document(nonce(1)), policy, { now: NOW, nonce: nonce(1), channel })
    expect(result).toMatchObject({ status: 'affirming', trustClass: 'simulated', tcb: { status: 'UpToDate' } })
  })

  test('is renewed before it is stale, and the old document is refused when it is', async () => {
    let time = NOW
    const authority = createMockAuthority({ now: NOW })
    const attester = await attest(authority.source({ clock: () => time }), { clock: () => time })
    const policy = policyFor(authority.rootSha256, MOCK_MEASUREMENTS)
    const old = await attester.document()
    time = unixSeconds(NOW + 31 * 86_400)
    expect(failure(await verify(old, policy, { now: time, channel }))).toBe('ENDORSEMENT_EXPIRED')
    expect(await verify(await attester.document(), policy, { now: time, channel })).toMatchObject({
      status: 'affirming',
    })
  })

  test('is never affirmed with a bit of the quote flipped', async () => {
    const authority = createMockAuthority({ now: NOW })
    const source = authority.source()
    const policy = policyFor(authority.rootSha256, MOCK_MEASUREMENTS)
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 7 }), async (where, bit) => {
        const attester = await attest({
          ...source,
          collect: async (reportData) => {
            const { bytes } = await source.collect(reportData)
            const at = where % bytes.length
            bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
            return { bytes }
          },
        })
        const result = await verify(await attester.document(), policy, { now: NOW, channel })
        expect(result.status).not.toBe('affirming')
      }),
      { numRuns: 300 },
    )
  })

  test.for<[string, Parameters<typeof createMockAuthority>[0]['changes'], string]>([
    ['debug', { tdReport: (r) => ({ ...r, tdAttributes: new Uint8Array([1, 0, 0, 0x10, 0, 0, 0, 0]) }) }, 'TD_DEBUG'],
    [
      'an expired PCK certificate',
      { pckCertificate: (c) => ({ ...c, notAfter: unixSeconds(NOW - 1) }) },
      'ENDORSEMENT_EXPIRED',
    ],
    [
      'a broken quote',
      { signatureData: (d) => ({ ...d, quoteSignature: new Uint8Array(64).fill(1) }) },
      'QUOTE_SIGNATURE_INVALID',
    ],
    ['a TCB of another platform', { tcbInfo: (i) => ({ ...i, fmspc: '00'.repeat(6) }) }, 'FMSPC_MISMATCH'],
    [
      'a TCB that is behind',
      {
        pckPlatform: (p) => ({
          ...p,
          pceSvn: 10,
          sgxTcbComponents: p.sgxTcbComponents.map((svn) => Math.max(0, svn - 1)),
        }),
      },
      'TCB_STATUS_NOT_ACCEPTED',
    ],
    ['another quoting enclave', { qeReport: (q) => ({ ...q, mrSigner: new Uint8Array(32) }) }, 'QE_MRSIGNER_MISMATCH'],
  ])('is refused with %s, by its code', async ([, changes, code]) => {
    const authority = createMockAuthority({ now: NOW, ...(changes === undefined ? {} : { changes }) })
    const attester = await attest(authority.source())
    const policy = policyFor(authority.rootSha256, MOCK_MEASUREMENTS)
    expect(failure(await verify(await attester.document(), policy, { now: NOW, channel }))).toBe(code)
  })
})
