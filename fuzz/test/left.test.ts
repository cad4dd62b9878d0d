import { expect, test } from 'vitest'
import { Meter } from '../engine/meter.ts'
import { Oracle } from '../engine/oracle.ts'

const FLOOR_EVERY = 4096
const hoard: number[][] = []

/** Keeps 16 KB of each input, and fails at those that say so. */
function parse(bytes: Uint8Array): number {
  hoard.push(new Array<number>(2048).fill(0.5))
  if (bytes[0] === 1) throw new TypeError('failed')
  return bytes.byteLength
}

test('what many inputs left behind is said though the input that it shows at fails too', async () => {
  const oracle = new Oracle({ sources: [], seeds: [], parse, refuses: {} }, new Meter())
  for (let i = 0; i < FLOOR_EVERY; i++) expect(await oracle.judge(Uint8Array.of(0), false)).toBeUndefined()
  expect(await oracle.judge(Uint8Array.of(1), false)).toMatchObject({ kind: 'crash' })
  const detail = expect.stringMatching(/^\d+ bytes of heap kept for the last 4096 inputs$/)
  expect(await oracle.judge(Uint8Array.of(0), false)).toEqual({ kind: 'allocation', detail })
  expect(await oracle.judge(Uint8Array.of(0), false)).toBeUndefined()
  expect(hoard.length).toBeGreaterThan(FLOOR_EVERY)
}, 120_000)
