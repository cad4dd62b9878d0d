import { describe, expect, test } from 'vitest'
import { parseNitroDocument } from '../src/formats/nitro/attestation-document.ts'
import { NOW } from './support/mock.ts'
import { judgeNitro, registers, signedAt } from './support/nitro-mock.ts'

const LIMIT = 20_480

describe('a Nitro document', () => {
  test('may be as long as the limit, and no longer', () => {
    expect(() => parseNitroDocument(new Uint8Array(LIMIT))).toThrow(
      expect.objectContaining({ code: 'TRAILING_BYTES', details: { field: 'COSE_Sign1', count: LIMIT - 1 } }),
    )
    expect(() => parseNitroDocument(new Uint8Array(LIMIT + 1))).toThrow(
      expect.objectContaining({
        code: 'TOO_LONG',
        details: { field: 'COSE_Sign1', length: LIMIT + 1, limit: LIMIT },
      }),
    )
  })
  test.each([
    ['first', NOW - 3],
    ['last', NOW + 10_800],
  ])('may be signed in the %s second of its certificate', async (_, seconds) => {
    const { checks } = await judgeNitro({ changes: signedAt(seconds) })
    expect(checks.find(({ code }) => code === 'nitro.timestamp')?.status).toBe('passed')
  })
  test('gives its registers by number, whatever their order', async () => {
    const { claims } = await judgeNitro({ changes: registers((pcrs) => pcrs.toReversed()) })
    const numbers =
      claims !== undefined && 'pcrs' in claims ? Object.keys(claims.pcrs).map((name) => name.slice(3)) : []
    expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a) - Number(b)))
    expect(numbers.length).toBeGreaterThan(10)
  })
})
