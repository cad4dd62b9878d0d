import { createMockNitroAuthority, type NitroChanges } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { parseNitroDocument } from '../src/formats/nitro/attestation-document.ts'
import { NOW } from './support/mock.ts'
import { bundle, judgeNitro, nitroAuthority, registers, signedAt } from './support/nitro-mock.ts'

const parsed = (changes: NitroChanges) => () => {
  const maker = createMockNitroAuthority({ now: NOW, keys: nitroAuthority.keys, changes })
  return parseNitroDocument(maker.attest(new Uint8Array(64))).document
}
const malformed = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('a Nitro document', () => {
  test.each([0, 1, 2])('has the register %i of every image', (number) => {
    expect(parsed({})().pcrs.has(number)).toBe(true)
    expect(parsed({ ...registers((pcrs) => pcrs.filter(([key]) => key !== number)) })).toThrow(
      malformed('MISSING_MEMBER', { field: 'attestation document pcrs', member: String(number) }),
    )
  })
  test('brings issuers of 1 to 1,024 bytes each', () => {
    const field = 'attestation document cabundle[1]'
    const second = (length: number): NitroChanges => bundle(([root = null]) => [root, new Uint8Array(length)])
    expect(parsed(second(1))().cabundle[1]).toHaveLength(1)
    expect(parsed(second(1024))().cabundle[1]).toHaveLength(1024)
    expect(parsed(second(1025))).toThrow(malformed('TOO_LONG', { field, length: 1025, limit: 1024 }))
    expect(parsed(second(0))).toThrow(expect.objectContaining({ code: 'WRONG_VALUE' }))
  })
  test('may be signed in the first and in the last second of its certificate', async () => {
    expect(await judgeNitro({ changes: signedAt(NOW - 3) })).toMatchObject({ status: 'affirming' })
    expect(await judgeNitro({ changes: signedAt(NOW + 10_800) })).toMatchObject({ status: 'affirming' })
  })
})
