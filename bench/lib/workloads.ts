import { createWriteStream, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import type { Session } from '@blindai/client'
import type { Tensor } from '@blindai/protocol'
import { bertBase, resnet50, tinyAdd } from '../models/architectures.ts'

/** A model and what it is asked. */
export type Workload = TensorWorkload | TaskWorkload

/** A graph and its inputs. */
export interface TensorWorkload {
  readonly name: string
  readonly title: string
  /** Path of the ONNX file. */
  readonly file: string
  readonly inputs: readonly Tensor[]
}

/** A bundle, and a text or the bytes of a file as they are. */
export interface TaskWorkload {
  readonly name: string
  readonly title: string
  /** Name of the bundle's folder in `samples/models`. */
  readonly folder: string
  readonly task: 'image-classification' | 'text-classification'
  readonly input: string | Uint8Array<ArrayBuffer>
}

/** What is uploaded: the path of a graph, or of a bundle. */
export function pathOf(workload: Workload): string {
  return 'task' in workload ? sample(`models/${workload.folder}`) : workload.file
}

/** Asks a server once. */
export function ask(session: Session, workload: Workload): Promise<unknown> {
  return 'task' in workload
    ? session.run(workload.name, workload.input, { task: workload.task })
    : session.infer(workload.name, workload.inputs)
}

const WORDS = 128
const PIXELS = 3 * 224 * 224

/** BERT-base on 128 word pieces. Generated. */
export async function bertWorkload(folder: string): Promise<TensorWorkload> {
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
export async function resnetWorkload(folder: string): Promise<TensorWorkload> {
  const file = await generate(folder, 'resnet-50', resnet50)
  return { name: 'resnet-50', title: 'ResNet-50, one image of 224 × 224', file, inputs: [image()] }
}

/** MobileNetV2 with its trained weights, on one image. */
export function mobilenetWorkload(): TensorWorkload {
  const file = sample('models/mobilenet_v2_1.0_224/onnx/model.onnx')
  return { name: 'mobilenet-v2', title: 'MobileNetV2 (trained), one image of 224 × 224', file, inputs: [image()] }
}

/** MobileNetV2 on a photograph as it is in its file: decoded, scaled and cut inside. */
export function photographWorkload(): TaskWorkload {
  return {
    name: 'mobilenet-v2-photograph',
    title: 'MobileNetV2 (trained), a photograph (JPEG)',
    folder: 'mobilenet_v2_1.0_224',
    task: 'image-classification',
    input: new Uint8Array(readFileSync(sample('images/grace_hopper.jpg'))),
  }
}

/** A small trained BERT on a message as it was written. */
export function messageWorkload(): TaskWorkload {
  return {
    name: 'sms-spam',
    title: 'small BERT (trained), a message (text)',
    folder: 'sms-spam-bert',
    task: 'text-classification',
    input: 'Your parcel is held at the depot. Confirm your address today to avoid a fee.',
  }
}

/** A model that costs nothing, on four numbers. Generated. */
export async function tinyWorkload(folder: string): Promise<TensorWorkload> {
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

function sample(path: string): string {
  return fileURLToPath(new URL(`../../samples/${path}`, import.meta.url))
}

async function generate(folder: string, name: string, make: () => readonly Uint8Array[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.onnx`)
  await pipeline(Readable.from(make()), createWriteStream(file))
  return file
}
