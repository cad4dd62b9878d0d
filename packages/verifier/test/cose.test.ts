import { concatBytes, fromHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { isSign1By, parseSign1 } from '../src/cose/sign1.ts'
import { type EcPublicKey, p256Key } from '../src/crypto/public-key.ts'

const PROTECTED = fromHex('header', 'a1013822')
const ES384 = { name: 'ECDSA', namedCurve: 'P-384' }

/** A byte string as RFC 8949 writes it, by a table of its own. */
function byteString(bytes: Uint8Array): Uint8Array {
  const digits = bytes.byteLength.toString(16).padStart(4, '0')
  const head =
    bytes.byteLength < 24
      ? (0x40 + bytes.byteLength).toString(16)
      : bytes.byteLength < 256
        ? `58${digits.slice(2)}`
        : `59${digits}`
  return concatBytes(fromHex('head', head), bytes)
}

async function signed(payload: Uint8Array): Promise<{ message: Uint8Array; key: EcPublicKey }> {
  const pair = await crypto.subtle.generateKey(ES384, true, ['sign', 'verify'])
  const context = concatBytes(fromHex('context', '846a'), utf8('Signature1'))
  const structure = concatBytes(context, byteString(PROTECTED), fromHex('none', '40'), byteString(payload))
  const how = { name: 'ECDSA', hash: 'SHA-384' }
  const signature = new Uint8Array(await crypto.subtle.sign(how, pair.privateKey, new Uint8Array(structure)))
  const message = concatBytes(
    fromHex('open', '84'),
    byteString(PROTECTED),
    fromHex('empty', 'a0'),
    byteString(payload),
    byteString(signature),
  )
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return { message, key: { kind: 'EC', curve: 'P-384', point } }
}

describe('a COSE_Sign1 message', () => {
  for (const length of [1, 23, 24, 255, 256, 16_384]) {
    test(`with a payload of ${length} bytes is by the key that signed it, and by no other`, async () => {
      const payload = new Uint8Array(length).fill(7)
      const { message, key } = await signed(payload)
      const parsed = parseSign1('test', message, 16_384)
      expect(parsed.payload).toEqual(payload)
      expect(await isSign1By('test', parsed, key)).toBe(true)
      expect(await isSign1By('test', parsed, (await signed(payload)).key)).toBe(false)
    })
  }
  test('is not by its key once a byte of payload or header differs', async () => {
    const { message, key } = await signed(new Uint8Array(40))
    const parsed = parseSign1('test', message, 64)
    expect(await isSign1By('test', { ...parsed, payload: new Uint8Array(41) }, key)).toBe(false)
    expect(await isSign1By('test', { ...parsed, protectedHeader: fromHex('header', 'a1013823') }, key)).toBe(false)
  })
  test('with a payload longer than its format allows is refused', async () => {
    const { message } = await signed(new Uint8Array(65))
    expect(() => parseSign1('test', message, 64)).toThrowError(expect.objectContaining({ code: 'TOO_LONG' }))
  })
  test('is refused with a key on another curve, or of RSA', async () => {
    const parsed = parseSign1('test', (await signed(new Uint8Array(1))).message, 64)
    const refused = (actual: string): object =>
      expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM', details: { field: 'test', actual } })
    await expect(isSign1By('test', parsed, p256Key(new Uint8Array(64)))).rejects.toThrowError(refused('P-256'))
    await expect(isSign1By('test', parsed, { kind: 'RSA', spki: new Uint8Array() })).rejects.toThrowError(
      refused('RSA'),
    )
  })
  test('names its signature where that is none', () => {
    const message = (signature: string): Uint8Array =>
      concatBytes(fromHex('open', '84'), byteString(PROTECTED), fromHex('rest', `a04100${signature}`))
    expect(() => parseSign1('test', message('f6'), 64)).toThrowError(
      expect.objectContaining({ code: 'WRONG_TYPE', details: expect.objectContaining({ field: 'test signature' }) }),
    )
    expect(() => parseSign1('test', message('4100'), 64)).toThrowError(
      expect.objectContaining({
        code: 'WRONG_LENGTH',
        details: { field: 'test signature', expected: 96, actual: 1 },
      }),
    )
  })
})
