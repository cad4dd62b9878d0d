import { concatBytes, joinBytes } from '@blindai/core'
import {
  encodeTensorTable,
  parseTensorTable,
  type TensorTable,
} from '../../packages/server/src/runtime/wire/tensor-table.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** Head and body in one input: the length of the head first, in two bytes, little-endian. */
function encode(table: TensorTable): Uint8Array {
  const { head, parts } = encodeTensorTable(table)
  return concatBytes(Uint8Array.of(head.byteLength & 0xff, head.byteLength >>> 8), head, joinBytes(parts))
}

const FLOATS = { name: 'x', datatype: 'FP32', shape: [1, 3], data: new Uint8Array(12).fill(7) } as const
const TEXTS = { name: 'text', datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 97) } as const

export const target: FuzzTarget<TensorTable> = {
  sources: ['packages/server/src/runtime/wire/tensor-table.ts'],
  seeds: [
    written(
      encode({ tensors: [FLOATS, TEXTS], wanted: undefined }),
      encode({ tensors: [FLOATS], wanted: ['y', 'z'] }),
      encode({ tensors: [], wanted: [] }),
    ),
  ],
  parse: (bytes) => {
    const end = 2 + (bytes[0] ?? 0) + 0x100 * (bytes[1] ?? 0)
    return parseTensorTable(bytes.subarray(2, end), bytes.subarray(end))
  },
  write: encode,
  refuses: { MalformedError: ['TRUNCATED', 'TRAILING_BYTES', 'TOO_LONG', 'NOT_UTF8', 'WRONG_VALUE', 'WRONG_LENGTH'] },
}
