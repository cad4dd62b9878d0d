import { describe, expect, test } from 'vitest'
import { outside } from './lib/bounds.ts'
import { type Finding, idle, isSound } from './lib/report.ts'

const finding = (kinds: readonly string[], expected?: NonNullable<Finding['expected']>): Finding => ({
  title: 'a check',
  tried: 'once',
  violations: kinds.map((kind) => ({ kind })),
  ...(expected && { expected }),
})
const ours = finding([])
const planted = finding(['late', 'lost', 'lost'], ['lost'])

describe('what was found', () => {
  test('is sound when what was planted shows, and ours shows nothing', () => {
    expect(isSound([planted, ours])).toBe(true)
    expect(isSound([finding(['late', 'lost'], ['lost', 'late']), ours, ours])).toBe(true)
  })
  test.each([
    ['nothing was tried', []],
    ['nothing was planted', [ours]],
    ['nothing but faults was tried', [planted]],
    ['ours shows something', [planted, ours, finding(['lost'])]],
    ['a fault shows nothing', [planted, finding([], ['lost']), ours]],
    ['a fault shows another fault', [finding(['late'], ['lost']), ours]],
    ['a fault shows half of what it should', [finding(['lost'], ['lost', 'late']), ours]],
    ['a fault shows, and nothing was tried', [{ ...planted, violations: [...planted.violations, idle('none')] }, ours]],
    ['all that a fault shows is that nothing was tried', [{ ...planted, violations: [idle('lost')] }, ours]],
  ])('is not sound when %s', (_, findings) => {
    expect(isSound(findings)).toBe(false)
  })
})

describe('a figure', () => {
  test('is within its bounds, those included', () => {
    expect(outside('late', 2, { least: 2, most: 2 })).toEqual([])
    expect(outside('late', 2, {})).toEqual([])
    expect(outside('late', 2, { most: Number.POSITIVE_INFINITY })).toEqual([])
  })
  test.each([
    [1.9, { least: 2 }],
    [2.1, { most: 2 }],
  ])('is a violation at %d', (figure, bounds) => {
    expect(outside('late', figure, bounds)).toEqual([{ kind: 'late' }])
  })
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'that is %d is within no bounds, and not what a planted fault shows',
    (figure) => {
      expect(outside('late', figure, { least: 1 })).toEqual([idle('late: no figure')])
      expect(outside('late', figure, { most: Number.POSITIVE_INFINITY })).toEqual([idle('late: no figure')])
    },
  )
})
