import { concatBytes } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { screenModel } from '../../src/runtime/engine/onnx/screen.ts'
import {
  field,
  graph,
  graphAttribute,
  identityModel,
  integer,
  model,
  node,
  opset,
  tensor,
  tensorAttribute,
} from './fixtures/onnx-writer.ts'
import { sample } from './fixtures/samples.ts'

const FLOAT = new Uint8Array(4)

/** FunctionProto. */
function definition(domain: string, name: string, nodes: readonly Uint8Array[]): Uint8Array {
  return field(25, field(1, name), ...nodes.map((bytes) => field(7, bytes)), field(9, opset('', 21)), field(10, domain))
}

/** A graph that nests `If` branches to a depth. */
function nested(depth: number): Uint8Array {
  const inner = depth === 0 ? [node('Abs', ['x'], ['y'])] : [branching(depth)]
  return graph({ nodes: inner })
}

function branching(depth: number): Uint8Array {
  return node('If', ['c'], ['y'], { attributes: [graphAttribute('then_branch', nested(depth - 1))] })
}

describe('a model that is screened', () => {
  test.for(['models/mnist.onnx', 'models/squeezenet_fp16.onnx', 'models/light/light_vgg19.onnx'])(
    'passes when it is %s',
    (path) => {
      expect(() => screenModel(sample(path))).not.toThrow()
    },
  )

  test('may use operators of ONNX, of ONNX ML, of Microsoft, and functions of its own', () => {
    const nodes = ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', 'my.functions'].map((domain) =>
      node('Twice', ['x'], ['y'], { domain }),
    )
    const own = definition('my.functions', 'Twice', [node('Add', ['x', 'x'], ['y'])])
    expect(() => screenModel(model(graph({ nodes }), own))).not.toThrow()
  })

  test('may import operator sets that it does not use', () => {
    expect(() =>
      screenModel(concatBytes(identityModel('FP32', [1]), field(8, opset('ai.onnx.training', 1)))),
    ).not.toThrow()
  })
})

describe('a model is refused', () => {
  const location = field(13, field(1, 'location'), field(2, 'weights.bin'))
  const outside = concatBytes(integer(1, 1), integer(2, 1), location)
  const flagged = concatBytes(integer(1, 1), integer(2, 1), integer(14, 1))
  const constant = (bytes: Uint8Array) => node('Constant', [], ['w'], { attributes: [tensorAttribute('value', bytes)] })
  const within = (inner: Uint8Array) =>
    node('If', ['c'], ['y'], { attributes: [graphAttribute('then_branch', graph({ nodes: [inner] }))] })

  test.for<[string, Uint8Array, string]>([
    ['with weights in a file beside it', model(graph({ nodes: [], initializers: [outside] })), 'external-data'],
    ['with weights said to be elsewhere', model(graph({ nodes: [], initializers: [flagged] })), 'external-data'],
    ['with such weights in a constant', model(graph({ nodes: [constant(outside)] })), 'external-data'],
    ['with such weights in a branch', model(graph({ nodes: [within(constant(outside))] })), 'external-data'],
    [
      'with such weights in a function',
      model(graph({ nodes: [] }), definition('f', 'F', [constant(flagged)])),
      'external-data',
    ],
    ['with such weights made sparse', model(concatBytes(field(15, field(1, outside)))), 'external-data'],
    [
      'with an operator of a domain that nobody has here',
      model(graph({ nodes: [node('Run', [], ['y'], { domain: 'com.example' })] })),
      'operator-domain',
    ],
    [
      'with an operator of a known domain behind a byte order mark',
      model(graph({ nodes: [node('Relu', [], ['y'], { domain: '\ufeffai.onnx' })] })),
      'operator-domain',
    ],
    [
      'with such an operator in a branch',
      model(graph({ nodes: [within(node('Run', [], ['y'], { domain: 'com.example' }))] })),
      'operator-domain',
    ],
    [
      'with an operator that loads another program',
      model(graph({ nodes: [node('EPContext', [], ['y'], { domain: 'com.microsoft' })] })),
      'operator',
    ],
    ['with branches in branches in branches', model(graph({ nodes: [branching(40)] })), 'nesting'],
    [
      'with functions that call each other in a circle',
      model(
        graph({ nodes: [node('A', [], ['y'], { domain: 'f' })] }),
        definition('f', 'A', [node('B', [], ['y'], { domain: 'f' })]),
        definition('f', 'B', [node('A', [], ['y'], { domain: 'f' })]),
      ),
      'recursive-function',
    ],
    [
      'with thirty functions that become a billion nodes',
      model(
        graph({ nodes: [node('F0', [], ['y'], { domain: 'f' })] }),
        ...Array.from({ length: 30 }, (_, index) =>
          definition('f', `F${index}`, [
            node(`F${index + 1}`, [], ['a'], { domain: 'f' }),
            node(`F${index + 1}`, [], ['b'], { domain: 'f' }),
          ]),
        ),
        definition('f', 'F30', [node('Abs', ['x'], ['y'])]),
      ),
      'too-many-nodes',
    ],
    [
      "with a function in the place of ONNX Runtime's own operator",
      model(graph({ nodes: [] }), definition('', 'Add', [])),
      'function-domain',
    ],
    [
      'with weights that are not as long as their shape says',
      model(graph({ nodes: [], initializers: [tensor('w', 'FP32', [2], FLOAT)] })),
      'tensor-size',
    ],
    [
      'with a shape whose product is beyond all memory',
      model(graph({ nodes: [], initializers: [tensor('w', 'FP32', [2 ** 31, 2 ** 31], FLOAT)] })),
      'tensor-size',
    ],
    ['with two graphs', concatBytes(identityModel('FP32', [1]), field(7, graph({ nodes: [] }))), 'duplicate-field'],
    [
      'with a node of two domains',
      model(graph({ nodes: [concatBytes(node('Run', [], [], { domain: 'x' }), field(7, ''))] })),
      'duplicate-field',
    ],
    ['with notes for training', concatBytes(identityModel('FP32', [1]), field(20, '')), 'training-information'],
    ["in ONNX Runtime's own format", new TextEncoder().encode('\x1c\0\0\0ORTMmore'), 'ort-format'],
  ])('%s', ([, bytes, reason]) => {
    expect(() => screenModel(bytes)).toThrow(expect.objectContaining({ code: 'MODEL_REFUSED', reason }))
  })

  test('with more inputs than any model has', () => {
    const inputs = Array.from(
      { length: 1025 },
      (_, index) => ({ name: `x${index}`, datatype: 'FP32', shape: [1] }) as const,
    )
    expect(() => screenModel(model(graph({ nodes: [], inputs })))).toThrow(
      expect.objectContaining({ code: 'MODEL_REFUSED', reason: 'too-many-inputs' }),
    )
  })

  test('by name, whichever of its bytes is changed, or passes', () => {
    const bytes = model(graph({ nodes: [within(constant(tensor('w', 'FP32', [1], FLOAT)))] }))
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        try {
          screenModel(bytes.map((byte, index) => (index === at ? byte ^ difference : byte)))
        } catch (error) {
          expect(error).toMatchObject({ name: 'Failure', code: expect.stringMatching(/^MODEL_/) })
        }
      }),
    )
  })

  test('at each truncation', () => {
    const bytes = identityModel('FP32', [1])
    // Cut between two fields, what is left may be a whole model.
    let refused = 0
    for (let length = 0; length < bytes.byteLength; length++) {
      try {
        screenModel(bytes.subarray(0, length))
      } catch (error) {
        expect(error).toMatchObject({ name: 'Failure' })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(bytes.byteLength - 10)
  })
})
