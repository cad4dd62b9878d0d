import { MessageWriter } from './protobuf-writer.ts'

/**
 * Writes ONNX models: nodes, seeded random weights, typed inputs and outputs.
 *
 * Source: onnx.proto3 of ONNX 1.12 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto).
 */

const FLOAT = 1
const INT64 = 7
const IR_VERSION = 8
const OPSET_VERSION = 17

/** Element types of model inputs and outputs. */
export type ElementType = 'FP32' | 'INT64'

/** A dimension: its size, or a name when it varies. */
export type Dimension = number | string

/** Attributes of a node: whole numbers, lists of them, or floats marked as such. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>

export class GraphBuilder {
  readonly #graph = new MessageWriter()
  readonly #constants = new Set<string>()
  readonly #random: () => number
  #parameters = 0
  #nodes = 0

  constructor(name: string, seed: number) {
    this.#graph.text(2, name)
    this.#random = uniform(seed)
  }

  /** Weights so far. */
  get parameters(): number {
    return this.#parameters
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.#graph.message(11, valueInfo(name, type, shape))
    return name
  }

  /** Gives a value its name as an output. */
  output(value: string, name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.#graph.message(1, node('Identity', [value], name, {}))
    this.#graph.message(12, valueInfo(name, type, shape))
  }

  op(type: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = `${type}_${this.#nodes++}`
    this.#graph.message(1, node(type, inputs, output, attributes))
    return output
  }

  /** A weight of random values around zero with the given standard deviation. */
  weight(shape: readonly number[], deviation: number): string {
    const values = new Float32Array(shape.reduce((count, size) => count * size, 1))
    // A uniform distribution of width w has the deviation w / sqrt(12).
    const width = deviation * Math.sqrt(12)
    for (let i = 0; i < values.length; i++) values[i] = (this.#random() - 0.5) * width
    this.#parameters += values.length
    return this.#initializer(`weight_${this.#parameters}`, FLOAT, shape, values)
  }

  /** A weight of one value, as biases and scales start with. */
  fill(size: number, value: number): string {
    this.#parameters += size
    return this.#initializer(`weight_${this.#parameters}`, FLOAT, [size], new Float32Array(size).fill(value))
  }

  scalar(value: number): string {
    return this.#once(`float_${value}`, (name) => this.#initializer(name, FLOAT, [], new Float32Array([value])))
  }

  integers(...values: readonly number[]): string {
    return this.#once(`integers_${values.join('_')}`, (name) =>
      this.#initializer(name, INT64, [values.length], BigInt64Array.from(values, BigInt)),
    )
  }

  integer(value: number): string {
    return this.#once(`integer_${value}`, (name) => this.#initializer(name, INT64, [], BigInt64Array.of(BigInt(value))))
  }

  /** The pieces of the model file. */
  finish(): readonly Uint8Array[] {
    const opset = new MessageWriter().text(1, '').integer(2, OPSET_VERSION)
    return new MessageWriter().integer(1, IR_VERSION).text(2, 'blindai-bench').message(7, this.#graph).message(8, opset)
      .pieces
  }

  #once(name: string, make: (name: string) => string): string {
    if (this.#constants.has(name)) return name
    this.#constants.add(name)
    return make(name)
  }

  #initializer(name: string, type: number, shape: readonly number[], values: Float32Array | BigInt64Array): string {
    const tensor = new MessageWriter()
    for (const size of shape) tensor.integer(1, size)
    tensor
      .integer(2, type)
      .text(8, name)
      .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    this.#graph.message(5, tensor)
    return name
  }
}

function node(type: string, inputs: readonly string[], output: string, attributes: Attributes): MessageWriter {
  const message = new MessageWriter()
  for (const input of inputs) message.text(1, input)
  message.text(2, output).text(3, output).text(4, type)
  for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value))
  return message
}

function attribute(name: string, value: Attributes[string]): MessageWriter {
  const message = new MessageWriter().text(1, name)
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2)
  if ('float' in value) return message.float(2, value.float).integer(20, 1)
  for (const item of value) message.integer(8, item)
  return message.integer(20, 7)
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): MessageWriter {
  const dimensions = new MessageWriter()
  for (const size of shape) {
    const dimension = new MessageWriter()
    dimensions.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size))
  }
  const tensor = new MessageWriter().integer(1, type === 'FP32' ? FLOAT : INT64).message(2, dimensions)
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor))
}

/** Numbers from 0 to 1, the same for each seed: a 32-bit Weyl sequence, mixed. */
function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
