import { concatBytes } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeRows } from '../../../src/runtime/engine/onnx/rows/judge-rows.ts'
import { field, graph, model, node } from '../fixtures/onnx-writer.ts'
import { KEEPING, MIXING, rowModel } from '../fixtures/row-models.ts'
import { sample } from '../fixtures/samples.ts'

describe('a graph whose rows are kept apart', () => {
  test.for(KEEPING)('is proven: %s', ([, recipe]) => {
    expect(judgeRows(rowModel(recipe))).toEqual({ independent: true })
  })

  test.for([
    'sms-spam-bert/onnx/model.onnx',
    'mobilenet_v2_1.0_224/onnx/model.onnx',
    'fashion-resnet/onnx/model.onnx',
    'speaker-embedding/onnx/model.onnx',
    'spoken-words-wavenet/onnx/model.onnx',
  ])('is proven of a trained model: %s', (path) => {
    expect(judgeRows(sample(`models/${path}`))).toEqual({ independent: true })
  })
})

describe('a graph whose rows meet', () => {
  test.for(MIXING)('is refused by name: %s', ([, recipe, reason, operator]) => {
    const expected = operator === undefined ? { independent: false, reason } : { independent: false, reason, operator }
    expect(judgeRows(rowModel(recipe))).toEqual(expected)
  })
})

describe('a graph that can be read in two ways', () => {
  const relu = node('Relu', ['x'], ['y'])
  const ports = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['n', 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', 4] }],
  } as const
  const axis = (...fields: readonly Uint8Array[]): Uint8Array =>
    model(graph({ ...ports, nodes: [node('Softmax', ['x'], ['y'], { attributes: [concatBytes(...fields)] })] }))

  test.for<[string, Uint8Array, string]>([
    ['a name given twice', model(graph({ ...ports, nodes: [relu, relu] })), 'name-twice'],
    ['a name before it is there', model(graph({ ...ports, nodes: [node('Relu', ['z'], ['y'])] })), 'not-in-order'],
    ['two graphs', concatBytes(model(graph({ ...ports, nodes: [relu] })), field(7, 'x')), 'field-twice'],
    [
      'two operator sets',
      concatBytes(model(graph({ ...ports, nodes: [relu] })), field(8, field(1, 'ai.onnx'))),
      'opset-twice',
    ],
    [
      'an attribute of another type',
      axis(field(1, 'axis'), Uint8Array.of(0x18, 1), Uint8Array.of(0xa0, 1, 1)),
      'attribute-type',
    ],
    [
      'an attribute twice',
      axis(field(1, 'axis'), Uint8Array.of(0x18, 1, 0x18, 0), Uint8Array.of(0xa0, 1, 2)),
      'field-twice',
    ],
    ['nothing', new Uint8Array(0), 'no-graph'],
  ])('is refused: %s', ([, bytes, reason]) => {
    expect(judgeRows(bytes)).toMatchObject({ independent: false, reason })
  })

  test('never throws, whatever is cut or changed', () => {
    const bytes = rowModel(KEEPING[8]?.[1] ?? { nodes: [] })
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
        const changed = isCut ? bytes.slice(0, at) : bytes.map((byte, i) => (i === at ? byte ^ flip : byte))
        expect(typeof judgeRows(changed).independent).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })
})
