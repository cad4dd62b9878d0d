import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import type { Tensor } from '@blindai/protocol'
import { bertBase, resnet50, tinyAdd } from '../models/architectures.ts'

/** A model and the inputs that it is measured with. */
export interface Workload {
  readonly name: string
  readonly title: string
  /** Path of the ONNX file. */
  readonly file: string
  readonly inputs: readonly Tensor[]
}

const WORDS = 128
const PIXELS = 3 * 224 * 224

/** BERT-base on 128 word pieces. Generated. */
export async function bertWorkload(folder: string): Promise<Workload> {
  const shape = [1, WORDS]
  const ids = BigInt64Array.from({ length: WORDS }, (_, index) => BigInt(1000 + 37 * index))
  return {
    name: 'bert-base',
    title: 'BERT-base, 128 word pieces',
    file: await generate(folder, 'bert-base', bertBase),
    inputs: [
      { name: 'input_ids', datatype: 'INT64', shape, data: ids },
      { name: 'attention_mask', datatype: 'INT64', shape, data: new BigInt64Array(WORDS).fill(1n) },
      { name: 'token_type_ids', datatype: 'INT64', shape, data: new BigInt64Array(WORDS) },
    ],
  }
}

/** ResNet-50 on one image. Generated. */
export async function resnetWorkload(folder: string): Promise<Workload> {
  const file = await generate(folder, 'resnet-50', resnet50)
  return { name: 'resnet-50', title: 'ResNet-50, one image of 224 × 224', file, inputs: [image()] }
}

/** MobileNetV2 with its trained weights, on one image. */
export function mobilenetWorkload(): Workload {
  const file = fileURLToPath(new URL('../../samples/models/mobilenet_v2_1.0_224/onnx/model.onnx', import.meta.url))
  return { name: 'mobilenet-v2', title: 'MobileNetV2 (trained), one image of 224 × 224', file, inputs: [image()] }
}

/** A model that costs nothing, on four numbers. Generated. */
export async function tinyWorkload(folder: string): Promise<Workload> {
  return {
    name: 'tiny-add',
    title: 'one addition on four numbers',
    file: await generate(folder, 'tiny-add', tinyAdd),
    inputs: tinyInputs(),
  }
}

/** The inputs of the model that costs nothing. */
export function tinyInputs(): readonly Tensor[] {
  return [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) }]
}

/** An image of smooth stripes: values of every size, the same each time. */
function image(): Tensor {
  const data = Float32Array.from({ length: PIXELS }, (_, index) => Math.sin(index / 50))
  return { name: 'pixel_values', datatype: 'FP32', shape: [1, 3, 224, 224], data }
}

async function generate(folder: string, name: string, make: () => readonly Uint8Array[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.onnx`)
  await pipeline(Readable.from(make()), createWriteStream(file))
  return file
}
