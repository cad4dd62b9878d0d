import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import rfc9458 from '../../../vectors/crypto/ohttp/rfc9458.json' with { type: 'json' }
import { generateOhttpKeys, KEM_MLKEM768_X25519_ID, KEM_X25519_ID, parseKeyConfigList } from '../src/index.ts'
import { encodeKeyConfigList } from '../src/key-config.ts'
import { hex } from './support/messages.ts'

const config = hex(rfc9458.keyConfig)
const listed = (...configs: Uint8Array[]): Uint8Array =>
  concatBytes(...configs.flatMap((c) => [Uint8Array.of(c.byteLength >>> 8, c.byteLength & 0xff), c]))
const withId = (id: number): Uint8Array => concatBytes(Uint8Array.of(id), config.subarray(1))

describe('a key configuration list', () => {
  test('is read: the key of RFC 9458', () => {
    expect(parseKeyConfigList(listed(config))).toEqual([
      {
        keyId: 1,
        kem: 0x20,
        publicKey: hex('31e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e798155'),
        symmetric: [
          { kdf: 1, aead: 1 },
          { kdf: 1, aead: 3 },
        ],
      },
    ])
  })

  test('comes back from its encoding', () => {
    const bytes = listed(withId(7), withId(8))
    expect(encodeKeyConfigList(parseKeyConfigList(bytes))).toEqual(bytes)
  })

  test('leaves out KEMs that nobody here knows', () => {
    const unknown = concatBytes(Uint8Array.of(9, 0xff, 0xfe), new Uint8Array(5))
    expect(parseKeyConfigList(listed(unknown, config)).map(({ keyId }) => keyId)).toEqual([1])
    expect(parseKeyConfigList(listed(unknown))).toEqual([])
  })

  test('is refused wherever it is cut, and with a byte more', () => {
    const bytes = listed(withId(7), withId(8))
    for (let length = 0; length < bytes.byteLength; length++) {
      if (length === 2 + config.byteLength) continue
      expect(() => parseKeyConfigList(bytes.subarray(0, length))).toThrowError(
        expect.objectContaining({ code: 'KEY_CONFIG_MALFORMED' }),
      )
    }
    expect(() => parseKeyConfigList(concatBytes(bytes, Uint8Array.of(0)))).toThrowError(
      expect.objectContaining({ code: 'KEY_CONFIG_MALFORMED' }),
    )
  })

  test('is refused with an identifier twice, known KEM or not', () => {
    const unknown = Uint8Array.of(1, 0xff, 0xfe)
    for (const list of [listed(config, config), listed(config, unknown), listed(unknown, config)]) {
      expect(() => parseKeyConfigList(list)).toThrowError(
        expect.objectContaining({
          code: 'KEY_CONFIG_MALFORMED',
          details: { field: 'Key Identifier', expected: 'named once' },
        }),
      )
    }
  })

  test('is refused with symmetric algorithms of a length that is none', () => {
    const head = config.subarray(0, 3 + 32)
    for (const tail of [
      '0000',
      '000300010001',
      '00050001000100',
      '000400010001000100',
      '000c00010001',
      'ffff00010001',
    ]) {
      expect(() => parseKeyConfigList(listed(concatBytes(head, hex(tail))))).toThrowError(
        expect.objectContaining({ code: 'KEY_CONFIG_MALFORMED' }),
      )
    }
  })

  test('is refused when it is huge or has very many keys', () => {
    expect(() => parseKeyConfigList(new Uint8Array(16 * 1024 + 1))).toThrowError(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
    const many = Array.from({ length: 17 }, (_, id) => withId(id))
    expect(() => parseKeyConfigList(listed(...many))).toThrowError(
      expect.objectContaining({ code: 'TOO_LARGE', details: { field: 'key configurations', limit: 16 } }),
    )
  })
})

describe('generated keys', async () => {
  const configs = parseKeyConfigList((await generateOhttpKeys()).keyConfigList)

  test('are post-quantum first and classic second, with both AEADs', () => {
    expect(configs.map(({ kem }) => kem)).toEqual([KEM_MLKEM768_X25519_ID, KEM_X25519_ID])
    expect(configs.map(({ publicKey }) => publicKey.byteLength)).toEqual([1216, 32])
    for (const { symmetric } of configs) {
      expect(symmetric).toEqual([
        { kdf: 1, aead: 1 },
        { kdf: 1, aead: 3 },
      ])
    }
  })

  test('have identifiers of their own, and are new each time', async () => {
    for (let n = 0; n < 8; n++) {
      const others = parseKeyConfigList((await generateOhttpKeys()).keyConfigList)
      expect(new Set(others.map(({ keyId }) => keyId)).size).toBe(2)
      expect(others[1]?.publicKey).not.toEqual(configs[1]?.publicKey)
    }
  })
})
