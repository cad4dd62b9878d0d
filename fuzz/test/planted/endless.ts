import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Never comes back from a length of zero. */
function parse(bytes: Uint8Array): number {
  let blocks = 0
  for (let at = 0; at < bytes.byteLength; at += bytes[at] ?? 1) blocks++
  return blocks
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/endless.ts'],
  seeds: [written(Uint8Array.of(3, 1, 1, 1, 1))],
  maxBytes: 64,
  parse,
  refuses: {},
}
