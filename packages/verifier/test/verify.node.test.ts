import { toBase64Url, toHex, utf8 } from '@blindai/core'
import { createMockAuthority } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY, exitCode, explain, parsePolicy, verify } from '../src/index.ts'
import { capture, captures } from './support/captures.ts'
import { authority, judge, makeDocument, NOW, POLICY, REFERENCE, STATEMENT, TLS_KEY } from './support/mock.ts'

const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

describe('a document of a simulated TEE that the policy names', () => {
  test('is affirming, of class simulated, and carries the keys', async () => {
    const result = await judge()
    expect(result.failed).toBeUndefined()
    expect(result).toMatchObject({
      version: 1,
      scope: 'document',
      status: 'affirming',
      trustClass: 'simulated',
      trustFlags: ['code'],
      freshness: 'skipped',
      channel: {
        tls: STATEMENT.keyset.tls,
        ohttp: STATEMENT.keyset.ohttp,
        channelKey: STATEMENT.keyset.channel,
        receiptsKey: STATEMENT.keyset.receipts,
        notBefore: STATEMENT.keyset.notBefore,
        notAfter: STATEMENT.keyset.notAfter,
      },
      claims: { release: 'test release', software: STATEMENT.software, config: STATEMENT.config },
    })
    expect(exitCode(result)).toBe(0)
  })
  test('names the digest of the exact statement', async () => {
    const document = await makeDocument()
    const result = await verify(document, parsePolicy(POLICY), { now: NOW })
    const statement = utf8(JSON.stringify(STATEMENT))
    const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', statement)))
    expect(result.channel?.statementSha256).toBe(digest)
  })
  test('shows each check that could not be made as skipped', async () => {
    const { checks } = await judge()
    expect(checks.filter(({ status }) => status === 'skipped').map(({ code }) => code)).toEqual([
      'tdx.event-log',
      'binding.nonce',
      'binding.channel-key',
      'policy.platform',
      'policy.tcb-date',
      'policy.tcb-evaluation-number',
      'policy.advisories',
      'policy.evidence-age',
      'policy.optional-registers',
      'policy.software',
      'policy.key-source',
      'policy.operator-key',
      'policy.config-digest',
    ])
  })
  test('survives JSON unchanged', async () => {
    const result = await judge()
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })
  test('says in words that it protects nothing', async () => {
    expect(explain(await judge())).toContain('simulated: it protects nothing')
  })
  test('is fresh when it answers our nonce', async () => {
    expect(await judge({ nonces: [nonce(1)], options: { nonce: nonce(1) } })).toMatchObject({
      status: 'affirming',
      freshness: 'nonce',
    })
  })
  test('is fresh for each of those that share it', async () => {
    const nonces = [nonce(1), nonce(2), nonce(3)]
    for (const mine of nonces) {
      expect(await judge({ nonces, options: { nonce: mine } })).toMatchObject({
        status: 'affirming',
        freshness: 'nonce',
      })
    }
  })
  test('is bound to a TLS connection that ends at its key', async () => {
    const result = await judge({ options: { channel: { kind: 'tls', spkiSha256: TLS_KEY } } })
    expect(result.status).toBe('affirming')
    expect(result.checks).toContainEqual(expect.objectContaining({ code: 'binding.channel-key', status: 'passed' }))
  })
  test('can be given as a JSON value, and with endorsements of ones own', async () => {
    const value = JSON.parse(new TextDecoder().decode(await makeDocument()))
    const { endorsements, ...bare } = value
    const options = { now: NOW, endorsements }
    expect(await verify(bare, parsePolicy(POLICY), options)).toMatchObject({ status: 'affirming' })
  })
})

describe('the root decides what evidence is worth', () => {
  test('simulated evidence is refused by the default policy, by name', async () => {
    const result = await verify(await makeDocument(), DEFAULT_POLICY, { now: NOW })
    expect(result).toMatchObject({
      status: 'none',
      trustClass: 'none',
      failed: {
        code: 'dcap.root',
        error: { code: 'SIMULATED_NOT_ALLOWED', details: { rootSha256: authority.rootSha256 } },
      },
    })
    expect(exitCode(result)).toBe(20)
  })
  test('another installation has another root, and is refused by name', async () => {
    const other = createMockAuthority({ now: NOW })
    expect(await judge({ authority: other })).toMatchObject({
      status: 'none',
      failed: {
        code: 'dcap.root',
        error: {
          code: 'SIMULATED_ROOT_UNKNOWN',
          details: { rootSha256: other.rootSha256, allowed: [authority.rootSha256] },
        },
      },
    })
  })
  test('simulated evidence that calls itself tdx is refused by name', async () => {
    expect(await judge({ format: 'tdx' })).toMatchObject({
      status: 'none',
      trustClass: 'none',
      failed: { code: 'dcap.root', error: { code: 'SIMULATED_LABELLED_HARDWARE' } },
    })
  })
  test('simulated evidence that calls itself tdx is an unknown root to who names no simulated one', async () => {
    const result = await verify(await makeDocument({ format: 'tdx' }), DEFAULT_POLICY, { now: NOW })
    expect(result.failed).toMatchObject({ code: 'dcap.root', error: { code: 'ROOT_NOT_TRUSTED' } })
  })
  test('hardware evidence that calls itself simulated is refused by name, whatever the policy', async () => {
    const { quote, endorsements, now } = capture('TDX 1.5 in a version 4 quote')
    const document = (d: object) => ({
      ...d,
      evidence: { format: 'simulated', bytes: toBase64Url(quote) },
      endorsements,
    })
    for (const policy of [parsePolicy(POLICY), DEFAULT_POLICY]) {
      const result = await verify(await makeDocument({ document }), policy, { now })
      expect(result.failed).toMatchObject({ code: 'dcap.root', error: { code: 'HARDWARE_LABELLED_SIMULATED' } })
    }
  })
  test('hardware evidence that speaks for another statement is a relay', async () => {
    const { quote, endorsements, now, policy } = capture('TDX 1.5 in a version 4 quote')
    const document = (d: object) => ({ ...d, evidence: { format: 'tdx', bytes: toBase64Url(quote) }, endorsements })
    const result = await verify(await makeDocument({ document }), parsePolicy(policy), { now })
    expect(result).toMatchObject({ status: 'none', failed: { error: { code: 'REPORT_DATA_MISMATCH' } } })
  })
})

describe('without reference values', () => {
  test('genuine evidence is a warning and carries no key', async () => {
    const policy = () => ({ version: 1, name: 'no values', simulated: { rootSha256: [authority.rootSha256] } })
    const result = await judge({ policy })
    expect(result).toMatchObject({
      status: 'warning',
      trustClass: 'simulated',
      trustFlags: [],
      failed: { code: 'policy.measurement', status: 'skipped', error: { code: 'MEASUREMENT_NOT_CHECKED' } },
    })
    expect(result).not.toHaveProperty('channel')
    expect(JSON.stringify(result)).not.toContain(STATEMENT.keyset.ohttp)
    expect(exitCode(result)).toBe(30)
  })
  test('what the enclave says of itself counts for nothing, and is not repeated', async () => {
    const policy = () => ({
      version: 1,
      name: 'only words',
      simulated: { rootSha256: [authority.rootSha256] },
      softwareDigests: [STATEMENT.software.digest],
      config: { isolation: ['full'] },
    })
    const result = await judge({ policy })
    const words = result.checks.filter(({ code }) => code === 'policy.software' || code === 'policy.config')
    expect(words.map(({ status }) => status)).toEqual(['skipped', 'skipped'])
    expect(result.claims).not.toHaveProperty('software')
    expect(result.claims).not.toHaveProperty('config')
  })
})

describe('a reference value that was trusted on first use', () => {
  const policy = () => ({
    version: 1,
    name: 'first use',
    simulated: { rootSha256: [authority.rootSha256], measurements: [{ ...REFERENCE, source: 'trust-on-first-use' }] },
  })
  test('is marked for ever, and does not count as reviewed code', async () => {
    const result = await judge({ policy })
    expect(result).toMatchObject({
      status: 'affirming',
      trustFlags: [],
      claims: { release: 'test release', releaseSource: 'trust-on-first-use' },
    })
    expect(explain(result)).toContain('trusted on first use')
  })
})

describe('the order of the answers', () => {
  const ones = (length: number): Uint8Array => new Uint8Array(length).fill(1)
  test('everything that the policy does not want is listed, and the first of it decides', async () => {
    const changes = {
      tdReport: (r: object) => ({ ...r, tdAttributes: ones(8), rtmr0: ones(48), rtmr1: ones(48) }) as never,
    }
    const result = await judge({ changes, policy: (p) => ({ ...p, maximumEvidenceAgeSeconds: 1 }) })
    const failed = result.checks.filter(({ status }) => status === 'failed')
    expect(failed.map(({ code, error }) => [code, error?.code])).toEqual([
      ['tdx.debug', 'TD_DEBUG'],
      ['tdx.attributes', 'TD_ATTRIBUTE_RESERVED'],
      ['policy.evidence-age', 'EVIDENCE_AGE_UNKNOWN'],
      ['policy.measurement', 'MEASUREMENT_MISMATCH'],
    ])
    expect(result.failed).toEqual(failed[0])
    expect(failed.at(-1)?.error?.details).toMatchObject({ differing: ['rtmr0', 'rtmr1'] })
  })
  test('what is not proved outranks what is not wanted, and ends the checks', async () => {
    const changes = { tdReport: (r: object) => ({ ...r, tdAttributes: ones(8), reportData: ones(64) }) as never }
    const result = await judge({ changes })
    expect(result).toMatchObject({ status: 'none', failed: { code: 'binding.report-data' } })
    expect(result).not.toHaveProperty('claims')
    const after = result.checks.slice(result.checks.findIndex(({ code }) => code === 'binding.report-data') + 1)
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set(['skipped']))
  })
  test('the nearest of several reference values is named', async () => {
    const far = { ...REFERENCE, name: 'far', mrTd: '99'.repeat(48), rtmr0: '99'.repeat(48), rtmr1: '99'.repeat(48) }
    const near = { ...REFERENCE, name: 'near', rtmr2: '99'.repeat(48) }
    const simulated = { rootSha256: [authority.rootSha256], measurements: [far, near] }
    expect((await judge({ policy: (p) => ({ ...p, simulated }) })).failed).toMatchObject({
      error: { code: 'MEASUREMENT_MISMATCH', details: { reference: 'near', register: 'rtmr2', differing: ['rtmr2'] } },
    })
  })
})

describe('misuse by the caller', () => {
  test('is a TypeError for a policy that nobody parsed', async () => {
    await expect(verify(await makeDocument(), { ...DEFAULT_POLICY }, { now: NOW })).rejects.toThrow(TypeError)
  })
  test('is a RangeError for a nonce, a time or a digest of another form', async () => {
    const document = await makeDocument()
    const broken = [
      { now: NOW, nonce: new Uint8Array(31) },
      { now: 0.5 as typeof NOW },
      { now: NOW, channel: { kind: 'tls', spkiSha256: new Uint8Array(20) } as const },
    ]
    for (const options of broken) await expect(verify(document, DEFAULT_POLICY, options)).rejects.toThrow(RangeError)
  })
})

test('every capture is refused as simulated evidence of this installation', async () => {
  for (const { quote, endorsements, now } of captures) {
    const document = (d: object) => ({
      ...d,
      evidence: { format: 'simulated', bytes: toBase64Url(quote) },
      endorsements,
    })
    const result = await verify(await makeDocument({ document }), parsePolicy(POLICY), { now })
    expect(result.status).toBe('none')
  }
})
