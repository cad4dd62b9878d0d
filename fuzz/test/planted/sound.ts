import { MalformedError } from '@blindai/core'
import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Nothing is wrong with it. */
function parse(bytes: Uint8Array): number {
  const [length = 0, ...rest] = bytes
  if (rest.length !== length) throw new MalformedError('TRUNCATED', { field: 'planted', needed: length, available: 0 })
  return rest.reduce((sum, byte) => sum + byte, 0)
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/sound.ts'],
  seeds: [written(Uint8Array.of(2, 1, 1))],
  maxBytes: 16,
  parse,
  refuses: { MalformedError: ['TRUNCATED'] },
}
