import { type Datatype, fromRaw, isDatatype, joinBytesElements, type RawTensor } from '@blindai/protocol'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { DirectAnswer, DirectQuestion } from './direct-run.ts'

/**
 * Runs models with onnxruntime-node and nothing else: the other side of the comparison. Started by `direct-run.ts`; one
 * message in and one out for each model.
 */

// onnxruntime-node takes no Float16Array as input, and asks for one when the runtime has it: hide it before the first
// tensor is made, and the bits of halves go in and out as a Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array')

const TYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Datatype, Tensor.Type>

const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
}

async function answer({ id, model, inputs }: DirectQuestion): Promise<DirectAnswer> {
  try {
    const session = await InferenceSession.create(model, SESSION_OPTIONS)
    const feeds = Object.fromEntries(
      session.inputNames.slice(0, inputs.length).map((name, index) => [name, toOrt(at(inputs, index))]),
    )
    const results = await session.run(feeds)
    const outputs = session.outputNames.map((name) => fromOrt(name, results[name]))
    const inputNames = [...session.inputNames]
    await session.release()
    return { id, inputNames, outputs }
  } catch (error) {
    return { id, refusal: error instanceof Error ? error.message : 'not an error' }
  }
}

function toOrt(raw: RawTensor): Tensor {
  const tensor = fromRaw({ ...raw, data: new Uint8Array(raw.data) })
  if (tensor.datatype === 'BYTES') {
    return new Tensor(
      'string',
      tensor.data.map((element) => new TextDecoder().decode(element)),
      tensor.shape,
    )
  }
  return new Tensor(TYPES[tensor.datatype], tensor.data, tensor.shape)
}

function fromOrt(name: string, tensor: Tensor | undefined): RawTensor {
  if (tensor === undefined) throw new RangeError(`no output ${name}`)
  const datatype = Object.keys(TYPES)
    .filter(isDatatype)
    .find((key) => TYPES[key] === tensor.type)
  if (datatype === undefined) throw new RangeError(`an output of type ${tensor.type}`)
  const { data, dims: shape } = tensor
  if (Array.isArray(data)) {
    return {
      name,
      datatype,
      shape,
      data: joinBytesElements(data.map((text) => new TextEncoder().encode(String(text)))),
    }
  }
  return { name, datatype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new RangeError(`no item ${index}`)
  return item
}

process.on('message', (question: DirectQuestion) => {
  void answer(question).then((message) => process.send?.(message))
})
