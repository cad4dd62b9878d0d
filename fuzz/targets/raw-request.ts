import { DATATYPES, type RawTensor } from '@blindai/protocol'
import { rawRequestInput } from '../../packages/server/src/inference/raw-request.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** The first byte says the datatype, the second the rank, then come the dimensions, signed; the rest is the body. */
function parse(bytes: Uint8Array): RawTensor {
  const datatype = DATATYPES[(bytes[0] ?? 0) % DATATYPES.length] ?? 'FP32'
  const rank = (bytes[1] ?? 0) % 5
  const shape = Array.from(new Int8Array(bytes.slice(2, 2 + rank)), (dimension) => Math.max(-1, dimension))
  return rawRequestInput([{ name: 'x', datatype, shape }], bytes.subarray(2 + rank), () => undefined)
}

const FP32 = DATATYPES.indexOf('FP32')
const BYTES = DATATYPES.indexOf('BYTES')

export const target: FuzzTarget<RawTensor> = {
  sources: ['packages/server/src/inference/raw-request.ts'],
  seeds: [
    written(Uint8Array.of(FP32, 1, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0x3f), Uint8Array.of(BYTES, 1, 0xff, 0x61, 0x62)),
    written(Uint8Array.of(FP32, 2, 2, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0x3f), Uint8Array.of(FP32, 2, 0xff, 0xff, 0)),
  ],
  parse,
  refuses: {
    InferenceError: ['RAW_REQUEST_UNSUPPORTED', 'RAW_REQUEST_SIZE_MISMATCH'],
    ProtocolError: ['VALUE_OUT_OF_RANGE'],
  },
}
