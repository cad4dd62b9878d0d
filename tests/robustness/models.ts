import { readFile } from 'node:fs/promises'
import type { Session } from '@blindai/client'
import type { Tensor } from '@blindai/protocol'
import { ELEMENT, type Field, graph, graphAttribute, message, model, node, value } from '../support/onnx-writer.ts'

/** Models of these tests: good ones, and such as nobody would send in good faith. */

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`../../samples/models/${name}`, import.meta.url))
}

/** 26 KB: reads digits. */
export const MNIST: Buffer = await sample('mnist.onnx')
/** 2.5 MB. */
export const SQUEEZENET: Buffer = await sample('squeezenet_fp16.onnx')
/** 9 KB that grow to 650 MB when they are loaded: their weights are filled in. */
export const VGG19_LIGHT: Buffer = await sample('light/light_vgg19.onnx')

/** `y = x + x`, of any length. */
export const DOUBLES: Uint8Array<ArrayBuffer> = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})

/** A loop that goes on for as long as it is told to by `condition`, which nothing changes, and holds no more the longer it runs. */
function loopOn(condition: string): Buffer {
  const body = graph({
    nodes: [node('Identity', ['going'], ['goes']), node('Identity', ['before'], ['after'])],
    inputs: [value('i', ELEMENT.int64, []), value('going', ELEMENT.bool, []), value('before', ELEMENT.float, [1])],
    outputs: [value('goes', ELEMENT.bool, []), value('after', ELEMENT.float, [1])],
  })
  return node('Loop', ['', condition, 'x'], ['y'], [graphAttribute('body', body)])
}

/** Gives back what it got, unless its caller says `go`: then it runs without end. @param producer - makes another model of the kind. */
export function loopWhileGo(producer = 'test'): Uint8Array<ArrayBuffer> {
  return model(
    {
      nodes: [loopOn('go')],
      inputs: [value('go', ELEMENT.bool, []), value('x', ELEMENT.float, [1])],
      outputs: [value('y', ELEMENT.float, [1])],
    },
    producer,
  )
}

/** Runs without end whatever its caller says: TensorProto data_type 2, int32_data 5, name 8. */
export const ENDLESS: Uint8Array<ArrayBuffer> = model({
  nodes: [loopOn('always')],
  initializers: [message([2, ELEMENT.bool], [5, 1], [8, 'always'])],
  inputs: [value('x', ELEMENT.float, [1])],
  outputs: [value('y', ELEMENT.float, [1])],
})

/** Runs without end, and holds a little more with each turn: its second output is a list of all turns. */
export const GROWS: Uint8Array<ArrayBuffer> = model({
  nodes: [
    node(
      'Loop',
      ['', 'go'],
      ['turns'],
      [
        graphAttribute(
          'body',
          graph({
            nodes: [node('Identity', ['going'], ['goes']), node('Identity', ['i'], ['seen'])],
            inputs: [value('i', ELEMENT.int64, []), value('going', ELEMENT.bool, [])],
            outputs: [value('goes', ELEMENT.bool, []), value('seen', ELEMENT.int64, [])],
          }),
        ),
      ],
    ),
  ],
  inputs: [value('go', ELEMENT.bool, [])],
  outputs: [value('turns', ELEMENT.int64, ['n'])],
})

/** `y` has the shape that the caller names, whatever memory that takes. */
export const EXPANDS: Uint8Array<ArrayBuffer> = model({
  nodes: [node('Expand', ['x', 'shape'], ['y'])],
  inputs: [value('x', ELEMENT.float, [1]), value('shape', ELEMENT.int64, ['rank'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})

/**
 * Has its weights in a file. TensorProto: dims 1, data_type 2, name 8, external_data 13 { key 1, value 2 },
 * data_location 14 (EXTERNAL is 1).
 */
export function externalWeights(
  location: string,
  where: 'initializer' | 'attribute' | 'subgraph',
): Uint8Array<ArrayBuffer> {
  const tensor = message([1, 4], [2, ELEMENT.float], [8, 'w'], [13, message([1, 'location'], [2, location])], [14, 1])
  const ports = { inputs: [value('x', ELEMENT.float, [4])], outputs: [value('y', ELEMENT.float, [4])] }
  const add = node('Add', ['x', 'w'], ['y'])
  if (where === 'initializer') return model({ ...ports, nodes: [add], initializers: [tensor] })
  // AttributeProto: name 1, t 5, type 20 (TENSOR is 4).
  const constant = node('Constant', [], ['w'], [message([1, 'value'], [5, tensor], [20, 4])])
  if (where === 'attribute') return model({ ...ports, nodes: [constant, add] })
  const branch = graph({ nodes: [constant, add], inputs: [], outputs: ports.outputs })
  const both = [graphAttribute('then_branch', branch), graphAttribute('else_branch', branch)]
  return model({
    nodes: [node('If', ['go'], ['y'], both)],
    inputs: [...ports.inputs, value('go', ELEMENT.bool, [])],
    outputs: ports.outputs,
  })
}

/** An operator of a domain that needs code from outside. */
export const FOREIGN_OPERATOR: Uint8Array<ArrayBuffer> = model({
  nodes: [node('Evil', ['x'], ['y'], [], 'evil.example')],
  inputs: [value('x', ELEMENT.float, [1])],
  outputs: [value('y', ELEMENT.float, [1])],
})

/** Branches within branches. */
export function nested(depth: number): Uint8Array<ArrayBuffer> {
  const outputs = [value('y', ELEMENT.float, [1])]
  const flat = graph({ nodes: [node('Identity', ['x'], ['y'])], inputs: [], outputs })
  let inside = node('Identity', ['x'], ['y'])
  for (let n = 0; n < depth; n++) {
    const deep = graph({ nodes: [inside], inputs: [], outputs })
    inside = node('If', ['go'], ['y'], [graphAttribute('then_branch', deep), graphAttribute('else_branch', flat)])
  }
  return model({
    nodes: [inside],
    inputs: [value('x', ELEMENT.float, [1]), value('go', ELEMENT.bool, [])],
    outputs,
  })
}

/** An initializer that claims more elements than there are atoms. */
export const CLAIMS_ALL: Uint8Array<ArrayBuffer> = model({
  nodes: [node('Add', ['x', 'w'], ['y'])],
  initializers: [
    message(
      ...Array.from({ length: 8 }, (): Field => [1, 2 ** 50]),
      [2, ELEMENT.float],
      [8, 'w'],
      [9, new Uint8Array(16)],
    ),
  ],
  inputs: [value('x', ELEMENT.float, [4])],
  outputs: [value('y', ELEMENT.float, [4])],
})

/** The inputs of `loopWhileGo`. */
export function loopInputs(isEndless: boolean): Tensor[] {
  return [{ name: 'go', datatype: 'BOOL', shape: [], data: Uint8Array.of(isEndless ? 1 : 0) }, numbers(7)]
}

/** The input `x` of most of these models. */
export function numbers(...data: readonly number[]): Tensor {
  return { name: 'x', datatype: 'FP32', shape: [data.length], data: Float32Array.from(data) }
}

/** A digit for `MNIST`: 28 by 28 grey values. */
export function digit(): Tensor {
  const data = Float32Array.from({ length: 784 }, (_, i) => (Math.abs((i % 28) - 14) < 2 ? 255 : 0))
  return { name: 'Input3', datatype: 'FP32', shape: [1, 1, 28, 28], data }
}

/** What `MNIST` makes of `digit`. */
export async function readDigit(session: Session, name: string): Promise<readonly number[]> {
  const { outputs } = await session.infer(name, [digit()])
  const data = outputs[0]?.data
  if (!(data instanceof Float32Array)) throw new TypeError('the model did not answer with numbers')
  return [...data]
}
