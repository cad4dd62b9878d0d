import { utf8 } from '@blindai/core'
import { expect, test } from 'vitest'
import { parseModelMetadata } from '../src/metadata.ts'

test('the dimension -0 of a text is 0', () => {
  const text = '{"name":"m","platform":"onnx","inputs":[],"outputs":[{"name":"x","datatype":"FP32","shape":[-0]}]}'
  expect(parseModelMetadata(utf8(text)).outputs[0]?.shape[0]).toBe(0)
})
