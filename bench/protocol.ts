import { utf8 } from '@blindai/core'
import { encodeInferRequest, type InferRequest, parseInferRequest, type Tensor, toRaw } from '@blindai/protocol'
import { printPlace, printTable } from './lib/report.ts'
import { spread, spreadText } from './lib/statistics.ts'

/**
 * What encoding and parsing cost, beside `JSON.parse` of the same text. One thread, no server.
 *
 *   node --conditions=source bench/protocol.ts
 */

const BLOCKS = 15
const PIXELS = 3 * 224 * 224

const image = request({
  name: 'pixel_values',
  datatype: 'FP32',
  shape: [1, 3, 224, 224],
  data: Float32Array.from({ length: PIXELS }, (_, index) => Math.sin(index)),
})
const integers = request({
  name: 'values',
  datatype: 'INT64',
  shape: [PIXELS],
  data: BigInt64Array.from({ length: PIXELS }, (_, index) => BigInt(index * 977)),
})
const words = request({
  name: 'input_ids',
  datatype: 'INT64',
  shape: [1, 32],
  data: BigInt64Array.from({ length: 32 }, (_, index) => BigInt(1000 + index)),
})

printPlace('Codec')
printTable(
  ['work', 'µs'],
  [
    ...binaryRows('600 KB of FP32 as binary data', image, 200),
    ...jsonRows('32 words in JSON', words, 2000),
    ...jsonRows('150,528 floats in JSON', image, 3),
    ...jsonRows('150,528 integers of 64 bits in JSON', integers, 3),
  ],
)

function request(tensor: Tensor): InferRequest {
  return { inputs: [toRaw(tensor)], binaryOutputsByDefault: true }
}

function binaryRows(title: string, value: InferRequest, times: number): string[][] {
  const { body, headerLength } = encodeInferRequest(value, { binary: true })
  return [
    [`${title}: encode, in pieces`, timeUs(times, () => encodeInferRequest(value, { binary: true }).parts)],
    [`${title}: encode, in one piece`, timeUs(times, () => encodeInferRequest(value, { binary: true }).body)],
    [`${title}: parse`, timeUs(times, () => parseInferRequest(body, headerLength))],
  ]
}

function jsonRows(title: string, value: InferRequest, times: number): string[][] {
  const { body } = encodeInferRequest(value, { binary: false })
  const text = new TextDecoder().decode(body)
  if (utf8(text).byteLength !== body.byteLength) throw new RangeError('the text is not the body')
  return [
    [`${title}: encode`, timeUs(times, () => encodeInferRequest(value, { binary: false }).body)],
    [`${title}: parse`, timeUs(times, () => parseInferRequest(body, undefined))],
    [`${title}: \`JSON.parse\` alone`, timeUs(times, () => JSON.parse(new TextDecoder().decode(body)))],
  ]
}

/** Microseconds of one call: the spread over blocks, after one block that warms up. */
function timeUs(times: number, work: () => unknown): string {
  const block = (): number => {
    const start = performance.now()
    for (let call = 0; call < times; call++) work()
    return ((performance.now() - start) / times) * 1000
  }
  block()
  return spreadText(spread(Array.from({ length: BLOCKS }, block)), 1)
}
