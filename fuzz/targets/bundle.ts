import { openBundle } from '../../packages/server/src/runtime/engine/bundle/bundle.ts'
import { written } from '../engine/seeds.ts'
import { tarOf } from '../engine/tar.ts'
import type { FuzzTarget } from '../engine/target.ts'

/** An IR version and an empty graph. */
const MODEL = Uint8Array.of(0x08, 0x08, 0x3a, 0x00)

export const target: FuzzTarget = {
  sources: ['packages/server/src/runtime/engine/bundle/bundle.ts', 'packages/server/src/runtime/engine/bundle/tar.ts'],
  seeds: [
    written(tarOf({ 'config.json': '{}', 'onnx/model.onnx': MODEL }), tarOf({ 'm/config.json': '{}', 'm/onnx/': '' })),
    written(tarOf({ './config.json': '{"a":1}', './onnx/model_quantized.onnx': MODEL, './vocab.txt': 'a\nb' })),
  ],
  parse: openBundle,
  refuses: { Failure: ['MODEL_INVALID', 'MODEL_REFUSED'] },
}
