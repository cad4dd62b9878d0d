import { fromUtf8, toHex, unixSeconds, utf8 } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAttester } from '../../src/attester/attester.ts'
import { nextUpdateOf } from '../../src/attester/endorsement-age.ts'
import { assembleKeyset } from '../../src/attester/keyset.ts'
import { configDigest, encodeStatement } from '../../src/attester/statement.ts'
import { CONFIG, endorsements, jwk, keyset, SOFTWARE, START, TestClock, TestDevice } from './fixtures.ts'

const PARTS = {
  tlsPublicKeys: [utf8('spki')],
  ohttpKeyConfigs: utf8('configs'),
  channel: jwk(1),
  receipts: jwk(2),
  notBefore: START,
  notAfter: unixSeconds(START + 1),
}

describe('a keyset', () => {
  test('holds the digest of each TLS key and the other keys as they are', async () => {
    const spki = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8('spki')))
    expect(await assembleKeyset(PARTS)).toEqual({
      tls: [toHex(spki)],
      ohttp: 'Y29uZmlncw',
      channel: jwk(1),
      receipts: jwk(2),
      notBefore: START,
      notAfter: START + 1,
    })
  })

  test('never publishes a private key', async () => {
    const secret = { ...jwk(1), d: 'AAAA' }
    await expect(assembleKeyset({ ...PARTS, channel: secret })).rejects.toThrow(/channel key holds a private key/)
    await expect(assembleKeyset({ ...PARTS, receipts: secret })).rejects.toThrow(TypeError)
  })

  test('leaves out what stands beside a public key', async () => {
    const { channel } = await assembleKeyset({ ...PARTS, channel: Object.assign(jwk(3), { kid: 'a', ext: true }) })
    expect(channel).toEqual(jwk(3))
  })

  test('refuses a key of another length, an empty set and a window that ends before it begins', async () => {
    await expect(assembleKeyset({ ...PARTS, channel: { ...jwk(1), x: 'AAAA' } })).rejects.toThrow(TypeError)
    await expect(assembleKeyset({ ...PARTS, channel: { ...jwk(1), x: '=' } })).rejects.toMatchObject({
      code: 'NOT_BASE64URL',
    })
    await expect(assembleKeyset({ ...PARTS, tlsPublicKeys: [] })).rejects.toThrow(RangeError)
    await expect(assembleKeyset({ ...PARTS, ohttpKeyConfigs: new Uint8Array() })).rejects.toThrow(RangeError)
    await expect(assembleKeyset({ ...PARTS, notAfter: unixSeconds(START - 1) })).rejects.toThrow(RangeError)
  })
})

describe('a statement', () => {
  test('is JSON of exactly the members that the structure names', async () => {
    const config = { ...CONFIG, digest: 'ef'.repeat(32), secret: 'x' }
    const text = fromUtf8('statement', encodeStatement(await keyset(), config, { ...SOFTWARE, ...{ path: '/x' } }))
    expect(JSON.parse(text)).toEqual({
      version: 1,
      keyset: await keyset(),
      config: { ...CONFIG, digest: 'ef'.repeat(32) },
      software: SOFTWARE,
    })
    expect(text).not.toMatch(/\s/)
  })

  test('carries the digest of the whole configuration when it is given, else of what it shows', async () => {
    const start = async (config: typeof CONFIG & { digest?: string }) => {
      const { read: clock } = new TestClock()
      const common = { source: new TestDevice(), keyset: await keyset(), software: SOFTWARE, clock }
      const { statement } = await createAttester({ ...common, config })
      return JSON.parse(fromUtf8('statement', statement)).config.digest
    }
    expect(await start({ ...CONFIG, digest: '12'.repeat(32) })).toBe('12'.repeat(32))
    expect(await start(CONFIG)).toBe(await configDigest({ ...CONFIG }))
  })
})

describe("a configuration's digest", () => {
  test('does not depend on the order of members', async () => {
    const one = await configDigest({ a: 1, b: { c: [1, 2], d: null } })
    expect(await configDigest({ b: { d: null, c: [1, 2] }, a: 1 })).toBe(one)
    expect(await configDigest({ b: { d: null, c: [2, 1] }, a: 1 })).not.toBe(one)
    expect(one).toBe('6146dd4938e3bf91d7c43fbcd7072936d0fc295ac5f55e80da21fad03fa23831')
  })

  test('differs where any value differs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), async (config, member) => {
        const plain = JSON.parse(JSON.stringify(config))
        const changed = { ...plain, [member]: [plain[member] ?? null] }
        expect(await configDigest(changed)).not.toBe(await configDigest(plain))
      }),
    )
  })
})

describe('the age of endorsements', () => {
  test('is that of the document which is due first', () => {
    const early = endorsements(unixSeconds(START + 5))
    const late = endorsements(unixSeconds(START + 9))
    expect(nextUpdateOf({ ...late, qeIdentity: early.qeIdentity })).toBe(START + 5)
    expect(nextUpdateOf({ ...late, tcbInfo: early.tcbInfo })).toBe(START + 5)
  })

  test('is unknown where nothing can be read, and the attester goes on', () => {
    const odd = endorsements(START)
    expect(nextUpdateOf(undefined)).toBeUndefined()
    expect(nextUpdateOf({ type: 'snp', chain: '' })).toBeUndefined()
    for (const text of [
      '',
      '{',
      '[]',
      '{"tcbInfo":[]}',
      '{"tcbInfo":{"nextUpdate":"soon"}}',
      '{"tcbInfo":{"nextUpdate":"2026-13-45T99:99:99Z"}}',
    ]) {
      expect(nextUpdateOf({ ...odd, tcbInfo: text, qeIdentity: text })).toBeUndefined()
    }
  })
})
