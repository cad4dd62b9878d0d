import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { concatBytes, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import hmac from '../../../vectors/crypto/wycheproof/hmac_sha256_test.json' with { type: 'json' }
import encaps from '../../../vectors/crypto/wycheproof/mlkem_768_encaps_test.json' with { type: 'json' }
import mlkem from '../../../vectors/crypto/wycheproof/mlkem_768_test.json' with { type: 'json' }
import x25519 from '../../../vectors/crypto/wycheproof/x25519_test.json' with { type: 'json' }
import {
  encapsulateRequest,
  encapsulateStream,
  generateOhttpKeys,
  KEM_X25519_ID,
  OhttpGateway,
  type OhttpKeys,
  parseKeyConfigList,
  webCryptoBackend,
} from '../src/index.ts'
import { nodeBackend, nodePrimitives } from '../src/node-backend.node.ts'
import { SyncKey } from '../src/sync-kems.ts'
import { admitted, codeOf, flipped, gather, hex, NOW, post } from './support/messages.ts'
import { describeBackend, type KeyLoader } from './support/vectors.ts'

/** A private key around the runtime's own handles. Source: RFC 8410 section 7; FIPS 203 seeds by SHAKE256. */
const loadKey: KeyLoader = async ({ ids, hpke }, privateBytes, publicBytes) => {
  const x25519 = (raw: Uint8Array): KeyObject =>
    createPrivateKey({
      key: Buffer.concat([hex('302e020100300506032b656e04220420'), raw]),
      format: 'der',
      type: 'pkcs8',
    })
  const publicKey = await hpke.DeserializePublicKey(publicBytes)
  const { name } = publicKey.algorithm
  if (ids.kem === KEM_X25519_ID) {
    return { publicKey, privateKey: new SyncKey(name, 'private', [x25519(privateBytes)], publicBytes) }
  }
  const expanded = createHash('shake256', { outputLength: 96 }).update(privateBytes).digest()
  const prefix = hex('3054020100300b060960864801650304040204428040')
  const mlKem = createPrivateKey({
    key: Buffer.concat([prefix, expanded.subarray(0, 64)]),
    format: 'der',
    type: 'pkcs8',
  })
  const handles = [mlKem, x25519(expanded.subarray(64))]
  return { publicKey, privateKey: new SyncKey(name, 'private', handles, publicBytes) }
}

describeBackend('node:crypto', nodeBackend, loadKey)

describe('ML-KEM-768 of node:crypto', () => {
  test('decapsulates as Wycheproof does', async () => {
    const prefix = hex('3054020100300b060960864801650304040204428040')
    const cases: { tcId: number; seed: string; c: string; K: string; result: string }[] = []
    for (const group of mlkem.testGroups) cases.push(...group.tests)
    // Keys are made here and never read in, so those of a wrong length say nothing of us.
    const loadable = cases.filter(({ seed }) => seed.length === 128)
    expect(loadable).toHaveLength(173)
    for (const { seed, c, K, result, tcId } of loadable) {
      const decapsulated = (): Uint8Array => {
        const key = Buffer.concat([prefix, hex(seed)])
        return nodePrimitives.mlKem768.decapsulate(createPrivateKey({ key, format: 'der', type: 'pkcs8' }), hex(c))
      }
      if (result === 'valid') expect([tcId, toHex(decapsulated())]).toEqual([tcId, K])
      else expect(decapsulated, `case ${tcId}`).toThrowError()
    }
  })
})

describe('X25519 of node:crypto', () => {
  test('agrees as Wycheproof does, and with no key that forces a zero secret', () => {
    const prefix = hex('302e020100300506032b656e04220420')
    for (const { tcId, public: publicKey, private: privateKey, shared } of x25519.testGroups.flatMap((g) => g.tests)) {
      const agree = (): Uint8Array => {
        const key = Buffer.concat([prefix, hex(privateKey)])
        const own = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
        return nodePrimitives.x25519.agree(own, nodePrimitives.x25519.publicKey(hex(publicKey)))
      }
      if (/^0+$/.test(shared)) expect(agree, `case ${tcId}`).toThrowError()
      else expect([tcId, toHex(agree())]).toEqual([tcId, shared])
    }
  })
})

describe('HMAC-SHA256 of node:crypto', () => {
  test('makes the tags that Wycheproof calls valid, and no other', () => {
    const wrong: number[] = []
    for (const { tagSize, tests } of hmac.testGroups) {
      for (const { tcId, key, msg, tag, result } of tests) {
        const made = toHex(nodePrimitives.hmacSha256(hex(key), hex(msg)).subarray(0, tagSize / 8))
        if ((made === tag) !== (result === 'valid')) wrong.push(tcId)
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('a gateway on node:crypto', async () => {
  const keysOf = { node: await generateOhttpKeys(nodeBackend), web: await generateOhttpKeys(webCryptoBackend) }
  const gatewayOf = (keys: OhttpKeys): OhttpGateway =>
    new OhttpGateway({ keys, clock: () => NOW, replayCapacity: 100, dateWindowSeconds: 60, maxRequestBytes: 1 << 20 })

  test('understands clients on either, and clients on it understand gateways on either', async () => {
    for (const [keys, backend] of [
      [keysOf.node, webCryptoBackend],
      [keysOf.node, nodeBackend],
      [keysOf.web, nodeBackend],
    ] as const) {
      const gateway = gatewayOf(keys)
      const configs = parseKeyConfigList(keys.keyConfigList)
      const chacha = configs.map((config) => ({ ...config, symmetric: config.symmetric.slice(1) }))
      for (const usable of [configs, configs.slice(1), chacha]) {
        for (const encapsulate of [encapsulateRequest, encapsulateStream]) {
          const sent = await encapsulate(usable, post(utf8('input')), { now: NOW, backend })
          const { request, sealResponse } = await admitted(gateway, sent.contentType, sent.body)
          expect(await gather(request.body)).toEqual(utf8('input'))
          const response = await sent.openResponse(sealResponse({ status: 200, headers: [], body: utf8('out') }).body)
          expect(await gather(response.body)).toEqual(utf8('out'))
        }
      }
    }
  })

  test('refuses what was altered', async () => {
    const gateway = gatewayOf(keysOf.node)
    for (const configs of [
      parseKeyConfigList(keysOf.node.keyConfigList),
      parseKeyConfigList(keysOf.node.keyConfigList).slice(1),
    ]) {
      const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
      for (let bit = 56; bit < sent.body.byteLength * 8; bit += 61) {
        expect(await codeOf(gateway.open(sent.contentType, flipped(sent.body, bit)))).toBe('DECRYPT_FAILED')
      }
    }
  })

  test('and a client on it take each public key that is one, and no other', async () => {
    const [hybrid, classic] = parseKeyConfigList(keysOf.node.keyConfigList)
    if (hybrid === undefined || classic === undefined) throw new Error('two keys')
    const judged = encaps.testGroups.flatMap((group) => group.tests)
    const hybrids = judged.map(({ ek, result }) => {
      const publicKey = concatBytes(hex(ek), hybrid.publicKey.subarray(1184))
      return { config: { ...hybrid, publicKey }, isValid: result === 'valid' }
    })
    for (const { config, isValid } of [
      ...hybrids,
      { config: { ...classic, publicKey: new Uint8Array(32) }, isValid: false },
    ]) {
      expect(await codeOf(encapsulateRequest([config], post(utf8('')), { now: NOW, backend: nodeBackend }))).toBe(
        isValid ? undefined : 'KEY_CONFIG_MALFORMED',
      )
    }
  })

  test('has keys that are neither read nor written', async () => {
    for (const id of [0x647a, 0x20]) {
      const kem = nodeBackend.kem(id)?.()
      if (kem === undefined) throw new Error('a KEM')
      const { privateKey } = await kem.GenerateKeyPair(false)
      expect(privateKey.extractable).toBe(false)
      await expect(kem.SerializePrivateKey(privateKey)).rejects.toThrowError()
      await expect(kem.DeserializePrivateKey(new Uint8Array(32), false)).rejects.toThrowError()
      await expect(kem.DeriveKeyPair(new Uint8Array(32), false)).rejects.toThrowError()
      expect(JSON.stringify(privateKey)).toBe(
        JSON.stringify({ algorithm: privateKey.algorithm, extractable: false, type: 'private' }),
      )
    }
  })
})
