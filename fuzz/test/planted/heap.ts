import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Makes a list as long as the input says, which no counter of typed arrays sees. */
function parse(bytes: Uint8Array): readonly number[] {
  const count = ((bytes[0] ?? 0) << 14) | (bytes[1] ?? 0)
  return new Array<number>(count).fill(0.5)
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/heap.ts'],
  seeds: [written(Uint8Array.of(0, 9))],
  maxBytes: 2,
  parse,
  refuses: {},
}
