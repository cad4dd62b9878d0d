import { ByteReader } from '../../packages/core/src/byte-reader.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

type Read = (this: ByteReader, offset: number, field: string) => number | bigint

/** The first half says how to read the second: an operation, an offset beside the right one, and a length. */
function parse(bytes: Uint8Array): unknown {
  const script = bytes.subarray(0, bytes.byteLength >> 1)
  const r = new ByteReader('fuzz', bytes.subarray(script.byteLength))
  const values: unknown[] = []
  for (let i = 0; i + 2 < script.byteLength; i += 3) {
    const [operation = 0, beside = 0, length = 0] = script.subarray(i, i + 3)
    const offset = r.offset + (beside < 0xf0 ? 0 : beside - 0xf8)
    const reads: readonly Read[] = [r.u8, r.u16, r.u32, r.u64, r.u16be, r.u32be, r.u64be]
    const read = reads[operation % 10]
    if (read !== undefined) values.push(read.call(r, offset, 'field'))
    else if (operation % 10 === 7) values.push(r.bytes(offset, length, 'field'))
    else if (operation % 10 === 8) values.push(r.rest('field'))
    else r.end()
  }
  return [...values, r.remaining, r.offset]
}

export const target: FuzzTarget = {
  sources: ['packages/core/src/byte-reader.ts'],
  seeds: [
    written(Uint8Array.of(0, 0, 0, 9, 0, 0, 1)),
    written(Uint8Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? i / 3 : i % 5))),
  ],
  maxBytes: 512,
  parse,
  refuses: { MalformedError: ['TRUNCATED', 'TRAILING_BYTES', 'GAP_OR_OVERLAP'] },
}
