import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { concatBytes, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import encaps from '../../../vectors/crypto/wycheproof/mlkem_768_encaps_test.json' with { type: 'json' }
import mlkem from '../../../vectors/crypto/wycheproof/mlkem_768_test.json' with { type: 'json' }
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
    for (const { seed, c, K, result, tcId } of cases) {
      const decapsulated = (): Uint8Array => {
        const key = Buffer.concat([prefix, hex(seed)])
        return nodePrimitives.mlKem768.decapsulate(createPrivateKey({ key, format: 'der', type: 'pkcs8' }), hex(c))
      }
      if (result === 'valid') expect([tcId, toHex(decapsulated())]).toEqual([tcId, K])
      else expect(decapsulated, `case ${tcId}`).toThrowError()
    }
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

  test('and a client on it take no public key that is none', async () => {
    const [hybrid, classic] = parseKeyConfigList(keysOf.node.keyConfigList)
    if (hybrid === undefined || classic === undefined) throw new Error('two keys')
    const unreduced = encaps.testGroups
      .flatMap((group) => group.tests)
      .map(({ ek }) => ({
        ...hybrid,
        publicKey: concatBytes(hex(ek), hybrid.publicKey.subarray(1184)),
      }))
    for (const config of [...unreduced, { ...classic, publicKey: new Uint8Array(32) }]) {
      expect(await codeOf(encapsulateRequest([config], post(utf8('')), { now: NOW, backend: nodeBackend }))).toBe(
        'KEY_CONFIG_MALFORMED',
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
