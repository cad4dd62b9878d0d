import { utf8 } from '@blindai/core'
import { type ModelMetadata, parseModelMetadata } from '../../packages/protocol/src/metadata.ts'
import { JSON_TEXT, PROTOCOL } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const TENSOR = { name: 'x', datatype: 'FP32', shape: [-1, 3] }
const MODEL = { name: 'spam', versions: ['1'], platform: 'onnx', inputs: [TENSOR], outputs: [TENSOR] }

export const target: FuzzTarget<ModelMetadata> = {
  sources: ['packages/protocol/src/metadata.ts', 'packages/protocol/src/json-members.ts'],
  seeds: [written(JSON.stringify(MODEL), JSON.stringify({ ...MODEL, versions: undefined, inputs: [] }))],
  isText: true,
  parse: parseModelMetadata,
  write: (metadata) => utf8(JSON.stringify(metadata)),
  refuses: joinRefusals(PROTOCOL, JSON_TEXT),
}
