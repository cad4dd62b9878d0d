import { describe, expect, test } from 'vitest'
import { DoorTally } from './lib/door-tally.ts'
import type { Outcome } from './lib/raw-http.ts'

const answer = (status: number): Outcome => ({ kind: 'answer', status, headers: {}, body: Buffer.alloc(0) })

function noted(...outcomes: readonly (Outcome | undefined)[]): DoorTally {
  const tally = new DoorTally()
  for (const outcome of outcomes) tally.note(outcome)
  return tally
}

const kinds = (tally: DoorTally): string[] =>
  tally.unused('answered', 'served', 'refused').map(({ kind }) => kind.replace('nothing was ', ''))

describe('a door', () => {
  test.each([
    ['nothing', noted(), ['answered', 'served', 'refused']],
    ['what cannot be written', noted(undefined), ['answered', 'served', 'refused']],
    ['what is closed on or hangs', noted({ kind: 'closed' }, { kind: 'hung' }), ['answered', 'served', 'refused']],
    ['what is served', noted(answer(399)), ['refused']],
    ['what is refused', noted(answer(400)), ['served']],
    ['both', noted(answer(200), answer(500)), []],
  ])('that saw %s says what it was not used for', (_, tally, unused) => {
    expect(kinds(tally)).toEqual(unused)
  })
  test('is counted with others', () => {
    const all = DoorTally.sum([noted(answer(200), undefined), noted(answer(404), answer(404), { kind: 'closed' })])
    expect(`${all}`).toBe('5 requests: 1 served, 2 refused, 1 closed on, 1 not written by their client')
    expect(kinds(all)).toEqual([])
  })
})
