import { describe, expect, test } from 'vitest'
import { FORMS, findCanaries } from './canary.ts'

const numbers = Float32Array.from({ length: 8 }, (_, i) => Math.fround(1234.5678 * (i + 1) + 0.1))
const bytes = Buffer.from(numbers.buffer)
const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 251))

describe('the search for canaries', () => {
  test.each([0, 1, 2, 3])('finds base64 of a message in which they begin at byte %i', (before) => {
    const message = Buffer.concat([noise(before), bytes, noise(5)])
    for (const encoding of ['base64', 'base64url'] as const) {
      const found = findCanaries(Buffer.from(`x${message.toString(encoding)}`), numbers)
      expect(found.map(({ form }) => form)).toContain('float32 le base64')
    }
  })

  test('finds raw bytes at any offset, hexadecimal of either case, and text', () => {
    const forms = (capture: Buffer): string[] => findCanaries(capture, numbers).map(({ form }) => form)
    expect(forms(Buffer.concat([noise(7), bytes]))).toContain('float32 le raw')
    expect(forms(Buffer.from(bytes.toString('hex').toUpperCase()))).toContain('float32 le hex')
    expect(forms(Buffer.from(JSON.stringify([...numbers])))).toContain('decimal')
    expect(forms(Buffer.from(Float64Array.from(numbers).buffer))).toContain('float64 le raw')
  })

  test('finds nothing where there is nothing', () => {
    expect(findCanaries(noise(100_000), numbers)).toEqual([])
    expect(FORMS).toHaveLength(13)
  })
})
