import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Does come back, after work that grows with the square of a number from the input. */
function parse(bytes: Uint8Array): number {
  const [high = 0, low = 0] = bytes
  const count = (high << 8) | low
  let sum = 0
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) sum = (sum + i * j) % 65_521
  return sum
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/slow.ts'],
  seeds: [written(Uint8Array.of(0, 9))],
  maxBytes: 2,
  parse,
  refuses: {},
}
