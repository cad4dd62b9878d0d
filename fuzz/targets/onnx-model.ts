import { judgeRows } from '../../packages/server/src/runtime/engine/onnx/rows/judge-rows.ts'
import { screenModel } from '../../packages/server/src/runtime/engine/onnx/screen.ts'
import { files } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget = {
  sources: [
    'packages/server/src/runtime/engine/onnx/screen.ts',
    'packages/server/src/runtime/engine/onnx/protobuf.ts',
    'packages/server/src/runtime/engine/onnx/functions.ts',
    'packages/server/src/runtime/engine/onnx/rows/read-graph.ts',
    'packages/server/src/runtime/engine/onnx/rows/judge-rows.ts',
  ],
  seeds: [files('vectors/onnx-node-tests/*/model.onnx')],
  /** As an engine does: what was screened is looked at for its rows, which refuses nothing and must not throw. */
  parse(bytes) {
    screenModel(bytes)
    return judgeRows(bytes)
  },
  refuses: { Failure: ['MODEL_INVALID', 'MODEL_REFUSED'] },
}
