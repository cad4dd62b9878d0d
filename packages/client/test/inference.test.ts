import { utf8 } from '@blindai/core'
import {
  encodeInferResponse,
  encodeTaskResponse,
  HEADER_LENGTH_HEADER,
  parseHeaderLength,
  parseInferRequest,
  parseTaskRequest,
  type RawTensor,
  type TaskRequest,
  type Tensor,
} from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import type { ApiCall, EnclaveApi } from '../src/enclave-api.ts'
import { digestOfVersion, infer, runTask } from '../src/inference.ts'
import type { ReadResponse } from '../src/response.ts'
import { affirmingResult } from './affirming-result.ts'

const MODEL = 'ab'.repeat(32)

/** An API of one answer. */
function api(answer: (body: Uint8Array, headerLength: number | undefined, call: ApiCall) => ReadResponse): EnclaveApi {
  return {
    async call(call) {
      const body = new Uint8Array(await new Blob((call.body ?? []).map((part) => new Uint8Array(part))).arrayBuffer())
      const length = call.headers?.find(([name]) => name === HEADER_LENGTH_HEADER.toLowerCase())?.[1]
      return { ...answer(body, parseHeaderLength(length), call), result: affirmingResult({ notAfter: 0 }) }
    },
    open() {
      throw new Error('not used by calls')
    },
  }
}

/** A model that answers its inputs. */
const identity = api((body, headerLength, call) => {
  const request = parseInferRequest(body, headerLength)
  expect(call).toMatchObject({ method: 'POST', path: '/v2/models/a%20model/infer' })
  const wanted = request.outputs?.map(({ name }) => name)
  const outputs = request.inputs.filter(({ name }) => wanted?.includes(name) ?? true)
  return inferAnswer(outputs, request.binaryOutputsByDefault)
})

function inferAnswer(outputs: readonly RawTensor[], binaryOutputsByDefault: boolean): ReadResponse {
  const encoded = encodeInferResponse({ modelName: 'm', modelVersion: '1', outputs }, { binaryOutputsByDefault })
  const headers = new Headers({ 'content-type': encoded.contentType })
  if (encoded.headerLength !== undefined) headers.set(HEADER_LENGTH_HEADER, String(encoded.headerLength))
  return { status: 200, headers, body: new Uint8Array(encoded.body) }
}

function taskApi(task: string, output: (request: TaskRequest) => object): EnclaveApi {
  return api((body, headerLength) => {
    const request = parseTaskRequest(body, headerLength)
    const outputs = request.inputs.map(() => JSON.parse(JSON.stringify(output(request))))
    return {
      status: 200,
      headers: new Headers(),
      body: new Uint8Array(encodeTaskResponse({ model: MODEL, task, outputs })),
    }
  })
}

const noTask = async (): Promise<undefined> => undefined
const LABELS = [
  { label: 'spam', score: 0.9 },
  { label: 'ham', score: 0.1 },
]

describe('tensors', () => {
  const tensors: readonly Tensor[] = [
    {
      name: 'floats',
      datatype: 'FP32',
      shape: [2, 2],
      data: Float32Array.of(1.5, Number.NaN, Number.NEGATIVE_INFINITY, -0),
    },
    { name: 'wide', datatype: 'INT64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
    { name: 'half', datatype: 'FP16', shape: [1], data: Uint16Array.of(0x3c00) },
    { name: 'flags', datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
    { name: 'texts', datatype: 'BYTES', shape: [2], data: [utf8('é'), Uint8Array.of(0xff)] },
    { name: 'none', datatype: 'FP64', shape: [0], data: new Float64Array() },
  ]

  test('come back bit for bit, NaN and 64-bit integers among them', async () => {
    const { outputs } = await infer(identity, { model: 'a model' }, tensors, {})
    expect(outputs).toEqual(tensors)
  })

  test('come back only as far as they were asked for', async () => {
    const { outputs } = await infer(identity, { model: 'a model' }, tensors, { outputs: ['wide'] })
    expect(outputs.map(({ name }) => name)).toEqual(['wide'])
  })

  test('that are not what they say are refused before anything is sent', async () => {
    const wrong: Tensor = { name: 'x', datatype: 'FP32', shape: [3], data: new Float32Array(2) }
    await expect(infer(identity, { model: 'a model' }, [wrong], {})).rejects.toMatchObject({
      family: 'fix',
      code: 'TENSOR_INVALID',
    })
  })

  test.each([
    ['no versions', []],
    ['numbers alone', ['1', '2']],
  ])('are not sent to a version whose digest the server does not name: %s', async (_, versions) => {
    const text = JSON.stringify({ name: 'm', versions, platform: 'onnx', inputs: [], outputs: [] })
    const silent = api(() => ({ status: 200, headers: new Headers(), body: utf8(text) }))
    await expect(digestOfVersion(silent, 'm', '1', undefined)).rejects.toMatchObject({ code: 'RESPONSE_MALFORMED' })
  })

  test('that the server did not encode are refused', async () => {
    const broken = api(() => ({ status: 200, headers: new Headers(), body: utf8('{"model_name":"m"}') }))
    await expect(infer(broken, { model: 'a model' }, tensors, {})).rejects.toMatchObject({
      family: 'stop',
      code: 'RESPONSE_MALFORMED',
    })
  })
})

describe('a task', () => {
  test('gets text as text and images as bytes with what they are', async () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2)
    const seen: TaskRequest[] = []
    const recording = taskApi('text-classification', (request) => {
      seen.push(request)
      return LABELS
    })
    const options = { task: 'text-classification', parameters: { top_k: 2 } }
    const answer = await runTask(recording, 'm', ['hello', png], noTask, options)
    expect(answer).toEqual({ task: 'text-classification', model: MODEL, outputs: [LABELS, LABELS] })
    expect(seen[0]).toMatchObject({
      model: 'm',
      inputs: [
        { kind: 'text', text: 'hello' },
        { kind: 'binary', data: png, contentType: 'image/png' },
      ],
      parameters: { top_k: 2 },
    })
  })

  test("is the model's own when none is named", async () => {
    const asr = taskApi('automatic-speech-recognition', () => ({ text: 'yes' }))
    const answer = await runTask(asr, 'm', ['x'], async () => 'automatic-speech-recognition', {})
    expect(answer.outputs).toEqual([{ text: 'yes' }])
  })

  test('must be named for a model that has none', async () => {
    await expect(
      runTask(
        taskApi('x', () => LABELS),
        'm',
        ['x'],
        noTask,
        {},
      ),
    ).rejects.toMatchObject({
      family: 'fix',
      code: 'TASK_UNKNOWN',
    })
  })

  test('of another name than these gives its answers as they are', async () => {
    const answer = await runTask(
      taskApi('fill-mask', () => ({ any: ['thing'] })),
      'm',
      ['x'],
      noTask,
      { task: 'fill-mask' },
    )
    expect(answer.outputs).toEqual([{ any: ['thing'] }])
  })

  test.each([
    ['of another task', 'image-classification', LABELS],
    ['of another shape', 'text-classification', { text: 'x' }],
    ['with a score that is no number', 'text-classification', [{ label: 'x', score: '1' }]],
  ])('is not answered by an answer %s', async (_, task, output) => {
    await expect(
      runTask(
        taskApi(task, () => output),
        'm',
        ['x'],
        noTask,
        { task: 'text-classification' },
      ),
    ).rejects.toMatchObject({ family: 'stop', code: 'RESPONSE_MALFORMED' })
  })
})
