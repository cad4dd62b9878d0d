import { concatBytes, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { joinPadded } from '../src/binary-http-encode.ts'
import { encodeRequestHeader, requestInfo } from '../src/encapsulation.ts'
import { suiteOf } from '../src/hpke-suites.ts'
import {
  type BinaryRequest,
  encapsulateRequest,
  encodeRequest,
  formatHttpDate,
  type KeyConfig,
  OhttpGateway,
  parseKeyConfigList,
  RequestRefused,
  webCryptoBackend,
} from '../src/index.ts'
import { OhttpKeys } from '../src/ohttp-keys.ts'
import { admitted, codeOf, gatewayAt, NOW, post } from './support/messages.ts'

/** What a client of somebody else's might send: sealed rightly, whatever it says. */
async function sealedBy(config: KeyConfig, message: Uint8Array, aead = 1): Promise<Uint8Array> {
  const ids = { kem: config.kem, kdf: 1, aead }
  const { hpke } = suiteOf(ids, webCryptoBackend)
  const header = encodeRequestHeader(config.keyId, ids)
  const publicKey = await hpke.DeserializePublicKey(config.publicKey)
  const { encapsulatedSecret, ctx } = await hpke.SetupSender(publicKey, { info: requestInfo('whole', header) })
  return concatBytes(header, encapsulatedSecret, await ctx.Seal(message))
}

const dated = (...dates: string[]): BinaryRequest<Uint8Array> => ({
  ...post(utf8('input')),
  headers: dates.map((date) => ['date', date] as const),
})
const messageOf = (request: BinaryRequest<Uint8Array>): Uint8Array => joinPadded(encodeRequest(request))

describe('a gateway, to a request that another client sealed', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW })
  const [hybrid, classic] = configs
  if (hybrid === undefined || classic === undefined) throw new Error('two keys')
  const open = async (message: Uint8Array): Promise<unknown> =>
    gateway.open('message/ohttp-req', await sealedBy(classic, message))

  test('is open to one with a Date', async () => {
    expect(await codeOf(open(messageOf(dated(formatHttpDate(NOW)))))).toBeUndefined()
  })

  test('is closed to one without a Date, with two, or with none that is one', async () => {
    const date = formatHttpDate(NOW)
    for (const request of [dated(), dated(date, date), dated('now'), dated(date.replace('GMT', 'UTC'))]) {
      const refused = await open(messageOf(request)).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'DATE_INVALID' })
      expect(refused).toBeInstanceOf(RequestRefused)
    }
  })

  test('seals its refusal of what is no message, or a response, or padded with more than zeros', async () => {
    const request = messageOf(dated(formatHttpDate(NOW)))
    const dirty = request.with(-1, 1)
    const response = request.with(0, 1)
    for (const [message, code] of [
      [new Uint8Array(), 'BINARY_HTTP_MALFORMED'],
      [response, 'BINARY_HTTP_MALFORMED'],
      [dirty, 'PADDING_INVALID'],
    ] as const) {
      const refused = await open(message).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code })
      expect(refused).toBeInstanceOf(RequestRefused)
    }
  })

  test('says that the keys do not offer a suite: another KEM under a known identifier', async () => {
    const bytes = await sealedBy({ ...hybrid, keyId: classic.keyId }, messageOf(dated(formatHttpDate(NOW))))
    await expect(gateway.open('message/ohttp-req', bytes)).rejects.toMatchObject({
      code: 'SUITE_UNSUPPORTED',
      details: { kem: 0x647a, kdf: 1, aead: 1 },
    })
  })

  test('says that the keys do not offer a suite: an AEAD that is known and was not listed', async () => {
    const { hpke } = suiteOf({ kem: 0x20, kdf: 1, aead: 1 }, webCryptoBackend)
    const pair = await hpke.GenerateKeyPair(false)
    const config = {
      ...classic,
      publicKey: await hpke.SerializePublicKey(pair.publicKey),
      symmetric: [{ kdf: 1, aead: 3 }],
    }
    const keys = new OhttpKeys([{ config, pair }], webCryptoBackend)
    const options = { keys, clock: () => NOW, replayCapacity: 10, dateWindowSeconds: 60, maxRequestBytes: 4096 }
    const bytes = await sealedBy(config, messageOf(dated(formatHttpDate(NOW))))
    await expect(new OhttpGateway(options).open('message/ohttp-req', bytes)).rejects.toMatchObject({
      code: 'SUITE_UNSUPPORTED',
      details: { kem: 0x20, kdf: 1, aead: 1 },
    })
  })
})

describe('a gateway whose replay set is full', () => {
  test('says so before it spends anything on a request', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW }, { replayCapacity: 1 })
    const sent = await encapsulateRequest(configs, post(utf8('')), { now: NOW })
    await admitted(gateway, sent.contentType, sent.body)
    const refused = await gateway.open(sent.contentType, new Uint8Array(100)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'REPLAY_SET_FULL', details: { capacity: 1 } })
    expect(refused).not.toBeInstanceOf(RequestRefused)
  })
})

describe('the options of a gateway', async () => {
  const { keys } = await gatewayAt({ now: NOW })

  test('have a window and a capacity', () => {
    const options = { keys, clock: () => NOW, replayCapacity: 10, dateWindowSeconds: 60, maxRequestBytes: 4096 }
    for (const dateWindowSeconds of [0, -1, 0.5, Number.POSITIVE_INFINITY]) {
      expect(() => new OhttpGateway({ ...options, dateWindowSeconds })).toThrowError(RangeError)
    }
    expect(() => new OhttpGateway({ ...options, replayCapacity: 0 })).toThrowError(RangeError)
  })

  test('may forbid any time before a stated one', async () => {
    const options = { keys, clock: () => NOW, replayCapacity: 10, dateWindowSeconds: 60, maxRequestBytes: 4096 }
    const late = new OhttpGateway({ ...options, notBefore: unixSeconds(NOW + 3600) })
    const sent = await encapsulateRequest(parseKeyConfigList(keys.keyConfigList), post(utf8('')), { now: NOW })
    expect(await codeOf(late.open(sent.contentType, sent.body))).toBe('DATE_OUTSIDE_WINDOW')
  })
})
