import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Forgets where a view begins in its buffer. */
export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/not-deterministic.ts'],
  seeds: [written(Uint8Array.of(1, 2, 3, 4))],
  maxBytes: 8,
  parse: (bytes) => new Uint8Array(bytes.buffer)[0] ?? 0,
  refuses: {},
}
