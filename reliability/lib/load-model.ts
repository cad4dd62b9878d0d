import { encodeInferRequest } from '@blindai/protocol'
import { GraphBuilder } from '../../bench/models/graph-builder.ts'

const WIDTH = 256
const LAYERS = 40

/** A small network whose time is in proportion to its layers and to the rows that it is given: 0.13 MFLOP for each of each. */
export function loadModel({ seed = 7, layers = LAYERS } = {}): Uint8Array {
  const graph = new GraphBuilder('load', seed)
  const weight = graph.weight([WIDTH, WIDTH], 1 / Math.sqrt(WIDTH))
  let rows = graph.input('x', 'FP32', ['rows', WIDTH])
  for (let layer = 0; layer < layers; layer++) rows = graph.op('Tanh', [graph.op('MatMul', [rows, weight])])
  const sum = graph.op('ReduceMean', [rows], { axes: [1], keepdims: 0 })
  graph.output(sum, 'y', 'FP32', ['rows'])
  return Buffer.concat(graph.finish())
}

/** A request for so many rows, whose answer is worth waiting for so long, and the headers that go with it. */
export function loadRequest(
  rows: number,
  timeoutMs?: number,
): {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
} {
  const data = new Uint8Array(Float32Array.from({ length: rows * WIDTH }, (_, index) => Math.sin(index)).buffer)
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [rows, WIDTH], data } as const]
  const parameters = timeoutMs === undefined ? {} : { parameters: { timeout: Math.round(1000 * timeoutMs) } }
  const encoded = encodeInferRequest({ inputs, binaryOutputsByDefault: true, ...parameters }, { binary: true })
  return { body: encoded.body, headers: { 'inference-header-content-length': String(encoded.headerLength) } }
}
