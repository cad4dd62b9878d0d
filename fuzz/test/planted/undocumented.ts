import { MalformedError } from '@blindai/core'
import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Throws a typed error with a code that nobody was told of. */
function parse(bytes: Uint8Array): number {
  if (bytes[0] === 0x7f) throw new MalformedError('WRONG_VALUE', { field: 'planted', expected: 'another' })
  if (bytes[0] === 0x80) throw new MalformedError('TRUNCATED', { field: 'planted', needed: 2, available: 1 })
  return 0
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/undocumented.ts'],
  seeds: [written(Uint8Array.of(0, 9))],
  maxBytes: 2,
  parse,
  refuses: { MalformedError: ['TRUNCATED'] },
}
