import { combineNonces, digest, reportData, toHex, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'

describe('report data', () => {
  test('is the SHA-512 of a domain, a nonce and a statement, each with its length', async () => {
    const nonce = new Uint8Array(32).fill(7)
    const preimage = new Uint8Array([
      ...utf8('blindai.attestation.v1'),
      0,
      ...[0, 0, 0, 32],
      ...nonce,
      ...[0, 0, 0, 2],
      ...utf8('{}'),
    ])
    expect(await reportData(nonce, utf8('{}'))).toEqual(await digest('SHA-512', preimage))
  })
  test('differs where bytes move from the nonce to the statement', async () => {
    const one = await reportData(utf8('ab'), utf8('c'))
    const other = await reportData(utf8('a'), utf8('bc'))
    expect(toHex(one)).not.toBe(toHex(other))
  })
})

describe('nonces of callers that share evidence', () => {
  const first = new Uint8Array(32).fill(1)
  const second = new Uint8Array(32).fill(2)
  test('combine in order', async () => {
    expect(await combineNonces([first, second])).toEqual(await digest('SHA-256', new Uint8Array([...first, ...second])))
    expect(await combineNonces([second, first])).not.toEqual(await combineNonces([first, second]))
  })
  test.each([
    ['none', []],
    ['a short one', [new Uint8Array(31)]],
    ['more than 1024', Array.from({ length: 1025 }, () => new Uint8Array(32))],
  ])('are refused when there is %s', async (_name, nonces) => {
    await expect(combineNonces(nonces)).rejects.toThrowError(RangeError)
  })
})

describe('a time in whole seconds', () => {
  test.each([-1, 0.5, Number.NaN, 253_402_300_800])('is not %d', (value) => {
    expect(() => unixSeconds(value)).toThrowError(RangeError)
  })
})
