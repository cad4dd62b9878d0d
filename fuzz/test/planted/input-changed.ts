import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Sorts what is not its own. */
export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/input-changed.ts'],
  seeds: [written(Uint8Array.of(1, 2, 3, 4))],
  maxBytes: 8,
  parse: (bytes) => bytes.sort().byteLength,
  refuses: {},
}
