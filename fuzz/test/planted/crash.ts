import { written } from '../../engine/seeds.ts'
import type { FuzzTarget } from '../../engine/target.ts'

/** Fails behind three bytes that must be right one after another: chance alone would need some 16 million inputs. */
function parse(bytes: Uint8Array): number {
  if (bytes[0] !== 0x42) return 0
  if (bytes[1] !== 0xd7) return 1
  if (bytes[2] !== 0x19) return 2
  const nobody: { readonly length: number } | undefined = [bytes.subarray(0, 0)][1]
  return Reflect.apply(Reflect.get, undefined, [nobody, 'length'])
}

export const target: FuzzTarget = {
  sources: ['fuzz/test/planted/crash.ts'],
  seeds: [written(new Uint8Array(3))],
  maxBytes: 4,
  parse,
  refuses: {},
}
