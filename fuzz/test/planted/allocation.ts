import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Believes an announced length, and lets go of the buffer at once: nothing of it is left to see afterwards. */
function parse(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  return new Uint8Array(length).byteLength
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/allocation.ts'],
  seeds: [written(Uint8Array.of(0, 0, 0, 4))],
  maxBytes: 4,
  parse: (bytes) => (bytes.byteLength < 4 ? 0 : parse(bytes)),
  refuses: {},
}
