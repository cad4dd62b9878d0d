import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CostBook, RUNS_TO_TRUST, RunCost } from '../../src/scheduler/cost-model.ts'

const line = fc.record({
  a: fc.double({ min: 0, max: 100, noNaN: true }),
  b: fc.double({ min: 0, max: 0.01, noNaN: true }),
})
const sizes = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 30, maxLength: 60 })

function learn(a: number, b: number, all: readonly number[]): RunCost {
  const cost = new RunCost()
  for (const bytes of all) cost.observe(bytes, a + b * bytes)
  return cost
}

describe('what runs are expected to take', () => {
  test('is nothing before the first, and trusted after some', () => {
    const cost = new RunCost()
    expect(cost.predictMs(1000)).toBe(0)
    for (let i = 0; i < RUNS_TO_TRUST; i++) {
      expect(cost.isTrusted).toBe(false)
      cost.observe(1000, 5)
    }
    expect(cost.isTrusted).toBe(true)
    expect(cost.predictMs(1000)).toBeCloseTo(5)
  })

  test('is the line that they lie on, within the sizes that were seen', () => {
    fc.assert(
      fc.property(line, sizes, ({ a, b }, all) => {
        const cost = learn(a, b, all)
        for (const bytes of all) expect(Math.abs(cost.predictMs(bytes) - (a + b * bytes))).toBeLessThan(0.02 + 0.02 * a)
      }),
    )
  })

  test('is never beyond what was seen, nor less for more', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 60, maxLength: 60 }),
        (all, took) => {
          const cost = new RunCost()
          for (const [index, bytes] of all.entries()) cost.observe(bytes, took[index] ?? 0)
          const sorted = [...all].sort((a, b) => a - b)
          const predicted = sorted.map((bytes) => cost.predictMs(bytes))
          for (const [index, ms] of predicted.entries()) {
            expect(Number.isFinite(ms) && ms >= 0).toBe(true)
            expect(ms).toBeGreaterThanOrEqual((predicted[index - 1] ?? 0) - 1e-6)
          }
          const most = sorted.at(-1) ?? 0
          expect(cost.predictMs(most * 1000)).toBe(cost.predictMs(most))
          expect(cost.predictMs(-1)).toBe(cost.predictMs(sorted[0] ?? 0))
        },
      ),
    )
  })

  test('changes little for a run that was far off, however far', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (ms, odd) => {
          const cost = learn(
            ms,
            0,
            Array.from({ length: 30 }, () => 1000),
          )
          cost.observe(1000, odd)
          expect(cost.predictMs(1000)).toBeGreaterThan(0.9 * ms)
          expect(cost.predictMs(1000)).toBeLessThan(1.2 * ms + 0.1)
        },
      ),
    )
  })

  test('follows when all runs take ten times as long, or a tenth', () => {
    for (const factor of [10, 0.1]) {
      const cost = learn(
        20,
        0,
        Array.from({ length: 100 }, () => 1000),
      )
      for (let i = 0; i < 100; i++) cost.observe(1000, 20 * factor)
      expect(cost.predictMs(1000) / (20 * factor)).toBeGreaterThan(0.7)
      expect(cost.predictMs(1000) / (20 * factor)).toBeLessThan(1.4)
    }
  })

  test('ignores what is no time and no size', () => {
    const cost = learn(5, 0, [1, 2, 3])
    for (const [bytes, ms] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [-1, 1],
      [1, -1],
      [Number.POSITIVE_INFINITY, 1],
    ] as const) {
      cost.observe(bytes, ms)
    }
    expect(cost.predictMs(2)).toBeCloseTo(5)
  })
})

describe('the costs of all pools', () => {
  test('are apart, forgotten when they are to be, and bounded', () => {
    const book = new CostBook()
    for (let i = 0; i < 5000; i++) book.observe(`pool-${i}`, 1, i)
    expect(book.of('pool-0')).toBeUndefined()
    expect(book.of('pool-4999')?.predictMs(1)).toBe(4999)
    book.forget((pool) => pool === 'pool-4999')
    expect(book.of('pool-4999')).toBeUndefined()
    expect(book.of('pool-4998')?.predictMs(1)).toBe(4998)
  })
})
