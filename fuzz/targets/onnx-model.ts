import { screenModel } from '../../packages/server/src/runtime/engine/onnx/screen.ts'
import { files } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/server/src/runtime/engine/onnx/screen.ts',
    'packages/server/src/runtime/engine/onnx/protobuf.ts',
    'packages/server/src/runtime/engine/onnx/functions.ts',
  ],
  seeds: [files('vectors/onnx-node-tests/*/model.onnx')],
  parse: screenModel,
  refuses: { Failure: ['MODEL_INVALID', 'MODEL_REFUSED'] },
}
