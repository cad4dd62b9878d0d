import { GraphBuilder } from './graph-builder.ts'

/**
 * Well-known architectures with seeded random weights: their operators, shapes and cost, and answers that mean nothing.
 */

/** BERT-base for classification: 12 layers of 768, 12 heads, 30,522 word pieces. Source: Devlin and others, 2018. */
export function bertBase(): readonly Uint8Array[] {
  const LAYERS = 12
  const WIDTH = 768
  const HEADS = 12
  const DEVIATION = 0.02
  const g = new GraphBuilder('bert-base', 1)
  const shape = ['batch', 'sequence']
  const ids = g.input('input_ids', 'INT64', shape)
  const attended = g.input('attention_mask', 'INT64', shape)
  const types = g.input('token_type_ids', 'INT64', shape)

  const linear = (x: string, from: number, to: number): string =>
    g.op('Add', [g.op('MatMul', [x, g.weight([from, to], DEVIATION)]), g.fill(to, 0)])
  const norm = (x: string): string =>
    g.op('LayerNormalization', [x, g.fill(WIDTH, 1), g.fill(WIDTH, 0)], { axis: -1, epsilon: { float: 1e-12 } })
  const gelu = (x: string): string => {
    const half = g.op('Mul', [x, g.op('Add', [g.op('Erf', [g.op('Div', [x, g.scalar(Math.SQRT2)])]), g.scalar(1)])])
    return g.op('Mul', [half, g.scalar(0.5)])
  }
  const attention = (x: string, mask: string): string => {
    const heads = (perm: readonly number[]): string =>
      g.op('Transpose', [g.op('Reshape', [linear(x, WIDTH, WIDTH), g.integers(0, 0, HEADS, WIDTH / HEADS)])], { perm })
    const scores = g.op('MatMul', [heads([0, 2, 1, 3]), heads([0, 2, 3, 1])])
    const scaled = g.op('Add', [g.op('Div', [scores, g.scalar(Math.sqrt(WIDTH / HEADS))]), mask])
    const mixed = g.op('MatMul', [g.op('Softmax', [scaled], { axis: -1 }), heads([0, 2, 1, 3])])
    return linear(
      g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.integers(0, 0, WIDTH)]),
      WIDTH,
      WIDTH,
    )
  }

  const words = g.op('Gather', [g.weight([30_522, WIDTH], DEVIATION), ids])
  const length = g.op('Slice', [g.op('Shape', [ids]), g.integers(1), g.integers(2)])
  const places = g.op('Slice', [g.weight([512, WIDTH], DEVIATION), g.integers(0), length, g.integers(0)])
  const segments = g.op('Gather', [g.weight([2, WIDTH], DEVIATION), types])
  const seen = g.op('Cast', [g.op('Unsqueeze', [attended, g.integers(1, 2)])], { to: 1 })
  const mask = g.op('Mul', [g.op('Sub', [g.scalar(1), seen]), g.scalar(-10_000)])
  let x = norm(g.op('Add', [g.op('Add', [words, segments]), places]))
  for (let layer = 0; layer < LAYERS; layer++) {
    x = norm(g.op('Add', [x, attention(x, mask)]))
    x = norm(g.op('Add', [x, linear(gelu(linear(x, WIDTH, 4 * WIDTH)), 4 * WIDTH, WIDTH)]))
  }
  const pooled = g.op('Tanh', [linear(g.op('Gather', [x, g.integer(0)], { axis: 1 }), WIDTH, WIDTH)])
  g.output(linear(pooled, WIDTH, 2), 'logits', 'FP32', ['batch', 2])
  return g.finish()
}

/** ResNet-50, its batch normalisations folded into the convolutions. Source: He and others, 2015. */
export function resnet50(): readonly Uint8Array[] {
  const g = new GraphBuilder('resnet-50', 2)
  const pixels = g.input('pixel_values', 'FP32', ['batch', 3, 224, 224])

  const conv = (x: string, from: number, to: number, size: number, stride: number, gain = 1): string => {
    const deviation = gain * Math.sqrt(2 / (from * size * size))
    const pad = (size - 1) / 2
    return g.op('Conv', [x, g.weight([to, from, size, size], deviation), g.fill(to, 0)], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    })
  }
  const relu = (x: string): string => g.op('Relu', [x])

  let x = g.op('MaxPool', [relu(conv(pixels, 3, 64, 7, 2))], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  })
  let width = 64
  for (const [stage, depth] of [3, 4, 6, 3].entries()) {
    const inner = 64 * 2 ** stage
    for (let block = 0; block < depth; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1
      const skip = block === 0 ? conv(x, width, 4 * inner, 1, stride) : x
      const narrow = relu(conv(relu(conv(x, width, inner, 1, 1)), inner, inner, 3, stride))
      // A small gain keeps the signal from growing block by block.
      x = relu(g.op('Add', [conv(narrow, inner, 4 * inner, 1, 1, 0.2), skip]))
      width = 4 * inner
    }
  }
  const pooled = g.op('Flatten', [g.op('GlobalAveragePool', [x])])
  const logits = g.op('Add', [g.op('MatMul', [pooled, g.weight([width, 1000], 0.01)]), g.fill(1000, 0)])
  g.output(logits, 'logits', 'FP32', ['batch', 1000])
  return g.finish()
}

/** One addition on four numbers: what a call costs when the model costs nothing. */
export function tinyAdd(): readonly Uint8Array[] {
  const g = new GraphBuilder('tiny-add', 3)
  const x = g.input('x', 'FP32', ['batch', 4])
  g.output(g.op('Add', [x, g.fill(4, 1)]), 'y', 'FP32', ['batch', 4])
  return g.finish()
}
