import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Sources: onnx.proto3 of ONNX 1.x: ModelProto.graph 7, GraphProto.initializer 5, TensorProto.raw_data 9. */
const GRAPH = 7
const INITIALIZER = 5
const RAW_DATA = 9
const LENGTH_DELIMITED = 2
/** Smaller ones are shapes, axes and scales; a model with those exchanged may not load at all. */
const SMALLEST_WEIGHTS = 1024

/** Copies a samples folder with the halves of every weight tensor exchanged: models that load, run and are wrong. */
export function copyWithPerturbedWeights(samples: string, copy: string): void {
  cpSync(samples, copy, { recursive: true })
  for (const model of ['mobilenet_v2_1.0_224', 'sms-spam-bert', 'spoken-words-wavenet']) {
    const file = join(copy, 'models', model, 'onnx/model.onnx')
    const bytes = readFileSync(file)
    let exchanged = 0
    for (const graph of fieldsOf(bytes, GRAPH)) {
      for (const tensor of fieldsOf(graph, INITIALIZER)) {
        for (const data of fieldsOf(tensor, RAW_DATA)) {
          if (data.byteLength < SMALLEST_WEIGHTS) continue
          exchangeHalves(data)
          exchanged++
        }
      }
    }
    if (exchanged === 0) throw new RangeError(`${model} has no weights to perturb`)
    writeFileSync(file, bytes)
  }
}

/** Views of each length-delimited field of a number, in the same memory. */
function* fieldsOf(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < message.byteLength) {
    const tag = varint()
    const kind = tag % 8
    if (kind === LENGTH_DELIMITED) {
      const length = varint()
      if (Math.floor(tag / 8) === wanted) yield message.subarray(at, at + length)
      at += length
    } else if (kind === 0) varint()
    else at += kind === 1 ? 8 : 4
  }
}

/** In whole multiples of eight bytes, so that each element stays one. */
function exchangeHalves(data: Uint8Array): void {
  const half = Math.floor(data.byteLength / 16) * 8
  const first = data.slice(0, half)
  data.copyWithin(0, half, 2 * half)
  data.set(first, half)
}
