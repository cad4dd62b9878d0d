import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Reads two bytes and writes one. */
export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/not-rewritten.ts'],
  seeds: [written(Uint8Array.of(0, 1))],
  maxBytes: 2,
  parse: ([high = 0, low = 0]) => (high << 8) | low,
  write: (value) => Uint8Array.of(0, Number(value) & 0xff),
  refuses: {},
}
