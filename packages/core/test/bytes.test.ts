import { fromBase64Url, fromHex, toBase64Url, toHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'

describe('base64url', () => {
  test('has one spelling for each value', () => {
    expect(toBase64Url(new Uint8Array([0xfb, 0xff]))).toBe('-_8')
    expect(() => fromBase64Url('f', '-_9')).toThrowError(expect.objectContaining({ code: 'NOT_BASE64URL' }))
  })
})
describe('hex', () => {
  test('comes back', () => expect(toHex(fromHex('f', '00ff'))).toBe('00ff'))
})
