import { encodeInferRequest, type InferRequest, parseInferRequest } from '../../packages/protocol/src/infer-request.ts'
import {
  encodeInferResponse,
  type InferResponse,
  parseInferResponse,
} from '../../packages/protocol/src/infer-response.ts'
import { encoded, framed, hasNegativeZero, split } from '../engine/framing.ts'
import { PROTOCOL } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const INPUT = '"name":"x","shape":[2],"datatype":'
const REQUESTS = [
  `{"id":"7","inputs":[{${INPUT}"FP32","data":[1.5,-0]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}`,
  `{"inputs":[{${INPUT}"BYTES","data":["a","b"]}],"parameters":{"binary_data_output":true,"n":1,"s":"t"}}`,
  `{"inputs":[{${INPUT}"INT64","data":[[9007199254740993],[-9223372036854775808]]}]}`,
]
const RESPONSE = `{"model_name":"m","model_version":"1","id":"7","outputs":[{${INPUT}"BOOL","data":[true,false]}]}`
const BINARY = `{"inputs":[{${INPUT}"FP16","parameters":{"binary_data_size":4}}]}`

/** The first byte says which message, the next two how long its JSON is; zero for a body that is JSON alone. */
function parse(bytes: Uint8Array): InferRequest | InferResponse {
  const { kind, headerLength, body } = split(bytes)
  return kind === 0 ? parseInferRequest(body, headerLength) : parseInferResponse(body, headerLength)
}

/** Tensors are written as binary data, which holds every value; parameters are JSON, which has one zero. */
function write(message: InferRequest | InferResponse): Uint8Array | undefined {
  if (hasNegativeZero(message)) return undefined
  if ('inputs' in message) return encoded(0, encodeInferRequest(message, { binary: true }))
  return encoded(1, encodeInferResponse(message, { binaryOutputsByDefault: true }))
}

export const target: FuzzTarget<InferRequest | InferResponse> = {
  sources: [
    'packages/protocol/src/infer-request.ts',
    'packages/protocol/src/infer-response.ts',
    'packages/protocol/src/body.ts',
    'packages/protocol/src/json-scanner.ts',
    'packages/protocol/src/json-data.ts',
    'packages/protocol/src/json-elements.ts',
    'packages/protocol/src/tensor-entry.ts',
    'packages/protocol/src/raw-tensor.ts',
    'packages/protocol/src/shape.ts',
    'packages/protocol/src/parameters.ts',
  ],
  seeds: [
    written(...REQUESTS.map((json) => framed(0, json)), framed(1, RESPONSE)),
    written(framed(0, BINARY, Uint8Array.of(0, 60, 0, 188))),
  ],
  isText: true,
  parse,
  write,
  refuses: PROTOCOL,
}
