import { utf8 } from '@blindai/core'
import { KEM_MLKEM768_X25519, NotSupportedError } from 'hpke'
import { describe, expect, test } from 'vitest'
import {
  encapsulateRequest,
  encapsulateStream,
  type HpkeBackend,
  isPostQuantum,
  KEM_MLKEM768_X25519_ID,
  type KeyConfig,
  webCryptoBackend,
} from '../src/index.ts'
import { admitted, codeOf, gatewayAt, gather, NOW, post } from './support/messages.ts'

/** A runtime whose WebCrypto refuses ML-KEM keys, as browsers without it do. */
const withoutMlKem: HpkeBackend = {
  ...webCryptoBackend,
  kem: (id) =>
    id === KEM_MLKEM768_X25519_ID
      ? () => ({
          ...KEM_MLKEM768_X25519(),
          DeserializePublicKey: () =>
            Promise.reject(new NotSupportedError('ML-KEM-768 is unsupported in this runtime')),
        })
      : webCryptoBackend.kem(id),
}
/** A runtime without AES-GCM. */
const withoutAes: HpkeBackend = {
  ...webCryptoBackend,
  aead: (id) => {
    const factory = webCryptoBackend.aead(id)
    if (factory === undefined || id !== 1) return factory
    return () => ({ ...factory(), Seal: () => Promise.reject(new NotSupportedError('AES-GCM')) })
  },
}

describe('a runtime without ML-KEM', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW })

  test('falls back to the classic key, and says so', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW, backend: withoutMlKem })
    expect(isPostQuantum(sent.suite.kem)).toBe(false)
    expect(await codeOf(gateway.open(sent.contentType, sent.body))).toBeUndefined()
  })

  test('does not fall back where post-quantum is required', async () => {
    for (const encapsulate of [encapsulateRequest, encapsulateStream]) {
      const options = { now: NOW, backend: withoutMlKem, requirePostQuantum: true }
      await expect(encapsulate(configs, post(utf8('input')), options)).rejects.toMatchObject({
        code: 'POST_QUANTUM_REQUIRED',
        details: { missing: 'runtime' },
      })
    }
  })

  test('has no suite in common with a gateway that has post-quantum keys only', async () => {
    const hybridOnly = configs.filter(({ kem }) => isPostQuantum(kem))
    await expect(
      encapsulateRequest(hybridOnly, post(utf8('')), { now: NOW, backend: withoutMlKem }),
    ).rejects.toMatchObject({ code: 'NO_COMMON_SUITE', details: { configs: 1 } })
  })
})

describe('a list without a post-quantum key', async () => {
  const { configs } = await gatewayAt({ now: NOW })
  const classic = configs.filter(({ kem }) => !isPostQuantum(kem))

  test('is refused where post-quantum is required', async () => {
    await expect(
      encapsulateRequest(classic, post(utf8('')), { now: NOW, requirePostQuantum: true }),
    ).rejects.toMatchObject({ code: 'POST_QUANTUM_REQUIRED', details: { missing: 'key configuration' } })
  })

  test('is refused when it is empty, or offers nothing known', async () => {
    expect(await codeOf(encapsulateRequest([], post(utf8('')), { now: NOW }))).toBe('NO_COMMON_SUITE')
    const exotic = classic.map((config) => ({
      ...config,
      symmetric: [
        { kdf: 3, aead: 1 },
        { kdf: 1, aead: 0xffff },
      ],
    }))
    expect(await codeOf(encapsulateRequest(exotic, post(utf8('')), { now: NOW }))).toBe('NO_COMMON_SUITE')
  })
})

describe('the AEAD', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW })
  const chachaFirst = configs.map((config): KeyConfig => ({ ...config, symmetric: [...config.symmetric].reverse() }))

  test('is the first that the configuration lists and the runtime has', async () => {
    const aes = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    expect(aes.suite.aead).toBe(1)
    const either = await encapsulateStream(chachaFirst, post(utf8('input')), { now: NOW })
    expect([1, 3]).toContain(either.suite.aead)
    const { request, sealResponse, suite } = await admitted(gateway, either.contentType, either.body)
    expect(suite).toEqual(either.suite)
    expect(await gather(request.body)).toEqual(utf8('input'))
    const response = await either.openResponse(sealResponse({ status: 200, headers: [], body: utf8('output') }).body)
    expect(await gather(response.body)).toEqual(utf8('output'))
  })

  test('is another where the runtime lacks the first, or there is none', async () => {
    const aesOnly = configs.map((config) => ({ ...config, symmetric: config.symmetric.slice(0, 1) }))
    expect(await codeOf(encapsulateRequest(aesOnly, post(utf8('')), { now: NOW, backend: withoutAes }))).toBe(
      'NO_COMMON_SUITE',
    )
  })
})

describe('a public key that is none', async () => {
  const { configs } = await gatewayAt({ now: NOW })

  test('is an error, never a reason to take the next key', async () => {
    const [hybrid, classic] = configs
    if (hybrid === undefined || classic === undefined) throw new Error('two keys')
    const overflowing = { ...hybrid, publicKey: hybrid.publicKey.map((byte, i) => (i < 1152 ? 0xff : byte)) }
    const lowOrder = { ...classic, publicKey: new Uint8Array(32) }
    for (const bad of [overflowing, lowOrder]) {
      await expect(encapsulateRequest([bad, classic], post(utf8('')), { now: NOW })).rejects.toMatchObject({
        code: 'KEY_CONFIG_MALFORMED',
        details: { field: 'HPKE Public Key' },
      })
    }
  })

  test('of the other half of the hybrid is found too', async () => {
    const [hybrid] = configs
    if (hybrid === undefined) throw new Error('a key')
    const lowOrder = { ...hybrid, publicKey: hybrid.publicKey.map((byte, i) => (i < 1184 ? byte : 0)) }
    expect(await codeOf(encapsulateRequest([lowOrder], post(utf8('')), { now: NOW }))).toBe('KEY_CONFIG_MALFORMED')
  })
})

describe('a caller who errs', async () => {
  const { configs } = await gatewayAt({ now: NOW })

  test('is told when the request brings its own Date', async () => {
    const request = { ...post(utf8('')), headers: [['date', 'Sun, 06 Nov 1994 08:49:37 GMT']] as const }
    expect(await codeOf(encapsulateRequest(configs, request, { now: NOW }))).toBeInstanceOf(TypeError)
  })
})
