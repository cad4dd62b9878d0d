import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { mutate } from '../../fuzz/engine/mutate.ts'
import type { Random } from '../../fuzz/engine/random.ts'
import { type Field, graph, graphAttribute, message, model, node, value } from '../../tests/support/onnx-writer.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Small real models, of one operator each. */
const REAL: readonly Uint8Array[] = globSync('vectors/onnx-node-tests/*/model.onnx', { cwd: ROOT })
  .sort()
  .map((file) => new Uint8Array(readFileSync(`${ROOT}/${file}`)))

/** Operators by what they take: shapes that a caller names, indices, strings, sequences, quantisation, control. */
const OPERATORS = [
  ...['Add', 'MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'MaxPool', 'LSTM', 'GRU', 'Softmax', 'Einsum', 'Attention'],
  ...['Reshape', 'Expand', 'Tile', 'Range', 'Resize', 'Pad', 'Slice', 'Split', 'Concat', 'ConstantOfShape', 'OneHot'],
  ...[
    'Gather',
    'GatherND',
    'GatherElements',
    'ScatterND',
    'ScatterElements',
    'NonZero',
    'TopK',
    'Unique',
    'NonMaxSuppression',
  ],
  ...[
    'StringNormalizer',
    'TfIdfVectorizer',
    'Cast',
    'CastLike',
    'SequenceInsert',
    'SplitToSequence',
    'ConcatFromSequence',
  ],
  ...[
    'QuantizeLinear',
    'DynamicQuantizeLinear',
    'MatMulInteger',
    'RandomNormal',
    'Multinomial',
    'RoiAlign',
    'STFT',
    'Optional',
  ],
  ...['If', 'Loop', 'Scan', 'EPContext', 'NoSuchOperator', 'TreeEnsembleRegressor', 'SVMClassifier', 'QLinearConv'],
]
const DOMAINS = ['', '', '', '', 'ai.onnx.ml', 'com.microsoft', 'com.example', 'ai.onnx.training']
const ATTRIBUTES = [
  ...['axis', 'axes', 'perm', 'pads', 'strides', 'dilations', 'kernel_shape', 'group', 'k', 'mode', 'equation', 'to'],
  ...[
    'keepdims',
    'allowzero',
    'depth',
    'shape',
    'value',
    'hidden_size',
    'direction',
    'num_outputs',
    'body',
    'then_branch',
  ],
]
const NAMES = ['a', 'b', 'c', 'd', 'w', 'x', 'y', '']
const NUMBERS = [0, 1, 2, 3, 7, 64, 1000, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 40, 2 ** 53 - 1]
const TEXTS = ['NOTSET', 'linear', 'ij,jk->ik', '...', '\ufeff', '../../etc/passwd', 'x'.repeat(5000), '💥']

/** Models that have the structure of ONNX, and content that nobody would send in good faith. */
export class ModelGrammar {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): Uint8Array<ArrayBuffer> {
    const random = this.#random
    if (random.oneIn(3)) return this.#mutated(random.pick(REAL))
    const written = random.oneIn(4) ? this.#loose() : this.#wellFormed()
    return random.oneIn(4) ? this.#mutated(written) : written
  }

  #mutated(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const material = { random: this.#random, inputs: REAL, isText: false, maxBytes: 65_536 }
    return new Uint8Array(mutate(bytes, material))
  }

  /** One or a few operators in a row, whose inputs and outputs fit each other more often than not. */
  #wellFormed(): Uint8Array<ArrayBuffer> {
    const nodes = this.#several(1, 4, (index) => this.#node(index, 0))
    return model({
      nodes,
      inputs: this.#several(1, 3, (index) => value(NAMES[index] ?? 'x', this.#element(), this.#dimensions())),
      outputs: [value(this.#random.oneIn(4) ? 'y' : `n${nodes.length - 1}`, this.#element(), this.#dimensions())],
      initializers: this.#several(0, 3, () => this.#tensor()),
    })
  }

  /** Fields of a model in any number and order, with what the wellformed never has. ModelProto: see the numbers. */
  #loose(): Uint8Array<ArrayBuffer> {
    const random = this.#random
    const parts: (() => Field)[] = [
      () => [1, random.pick(NUMBERS)],
      () => [7, this.#graph(0)],
      () => [8, message([1, random.pick(DOMAINS)], [2, random.pick(NUMBERS)])],
      () => [14, message([1, random.pick(TEXTS)], [2, random.pick(TEXTS)])],
      () => [20, message([1, this.#graph(0)])],
      () => [25, this.#function()],
      () => [random.below(40) + 1, random.pick(TEXTS)],
      () => [random.below(40) + 1, random.pick(NUMBERS)],
    ]
    return new Uint8Array(message(...this.#several(1, 8, () => random.pick(parts)())))
  }

  #graph(depth: number): Buffer {
    return graph({
      nodes: this.#several(0, 3, (index) => this.#node(index, depth)),
      inputs: this.#several(0, 3, () => value(this.#name(), this.#element(), this.#dimensions())),
      outputs: this.#several(0, 2, () => value(this.#name(), this.#element(), this.#dimensions())),
      initializers: this.#several(0, 2, () => this.#tensor()),
    })
  }

  #node(index: number, depth: number): Buffer {
    const random = this.#random
    const inputs = this.#several(0, 4, () => (index > 0 && random.oneIn(2) ? `n${index - 1}` : this.#name()))
    const attributes = this.#several(0, 3, () => this.#attribute(depth))
    return node(random.pick(OPERATORS), inputs, [`n${index}`], attributes, random.pick(DOMAINS))
  }

  /** AttributeProto: name 1, f 2, i 3, s 4, t 5, g 6, ints 8, type 20; type and content agree or not. */
  #attribute(depth: number): Buffer {
    const random = this.#random
    const name = random.pick(ATTRIBUTES)
    const type = random.below(9)
    // biome-ignore format: one kind of attribute a row
    switch (random.below(depth < 20 ? 6 : 4)) {
      case 0:  return message([1, name], [3, random.pick(NUMBERS)], [20, random.oneIn(4) ? type : 2])
      case 1:  return message([1, name], [4, random.pick(TEXTS)], [20, random.oneIn(4) ? type : 3])
      case 2:  return message([1, name], [5, this.#tensor()], [20, random.oneIn(4) ? type : 4])
      case 3:  return message([1, name], ...this.#several(0, 5, (): Field => [8, random.pick(NUMBERS)]), [20, 7])
      case 4:  return graphAttribute(name, this.#graph(depth + 1))
      default: return this.#nested(name)
    }
  }

  /** Graphs in graphs, some of them deeper than any screen allows. */
  #nested(name: string): Buffer {
    let attribute = message([1, name], [3, 1], [20, 2])
    for (let left = this.#random.pick([1, 15, 16, 17, 60]); left > 0; left--) {
      const nodes = [node(this.#random.pick(['If', 'Loop', 'Scan']), ['a'], ['b'], [attribute])]
      attribute = graphAttribute('body', graph({ nodes, inputs: [], outputs: [] }))
    }
    return attribute
  }

  /** TensorProto: dims 1, data_type 2, int32_data 5, name 8, raw_data 9, external_data 13, data_location 14. */
  #tensor(): Buffer {
    const random = this.#random
    const fields: Field[] = this.#several(0, 4, (): Field => [1, random.pick(NUMBERS)])
    fields.push([2, this.#element()], [8, this.#name()])
    if (random.oneIn(2)) fields.push([9, new Uint8Array(random.below(64))])
    if (random.oneIn(3)) fields.push([5, random.pick(NUMBERS)])
    if (random.oneIn(20)) fields.push([14, 1], [13, message([1, 'location'], [2, random.pick(TEXTS)])])
    return message(...fields)
  }

  /** FunctionProto: name 1, input 4, output 5, node 7, domain 10; calls itself or another now and then. */
  #function(): Buffer {
    const random = this.#random
    const call = node(random.pick(['f', 'g', 'Add']), ['a'], ['y'], [], random.pick(['com.example', '']))
    return message([1, random.pick(['f', 'g', 'Add'])], [4, 'a'], [5, 'y'], [7, call], [10, 'com.example'])
  }

  #dimensions(): (number | string)[] {
    const random = this.#random
    return this.#several(0, 4, () =>
      random.oneIn(3) ? 'n' : random.oneIn(3) ? random.pick(NUMBERS) : random.below(4) + 1,
    )
  }

  #element(): number {
    return this.#random.oneIn(3) ? this.#random.below(26) : this.#random.pick([1, 1, 1, 6, 7, 9, 11])
  }

  #name(): string {
    return this.#random.pick(NAMES)
  }

  #several<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: least + this.#random.below(most - least + 1) }, (_, index) => make(index))
  }
}
