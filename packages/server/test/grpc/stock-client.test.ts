import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { metadataOf, StockClient } from '../fixtures/grpc.ts'
import { openHouse } from '../fixtures/listening.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function house(options: Parameters<typeof openHouse>[0] = {}) {
  const opened = await openHouse({ unattestedClients: true, ...options })
  open.push(opened)
  const client = new StockClient(opened.tls.port)
  open.push(client)
  const sha256 = await opened.upload('alice', new Uint8Array(10).fill(1), '?name=m')
  return { ...opened, client, sha256 }
}

const X = { name: 'x', datatype: 'FP32', shape: [1] }
const REQUEST = { model_name: 'm', id: '7', inputs: [X], raw_input_contents: [Buffer.from(TENSOR.data)] }

describe('a stock gRPC client', () => {
  test('learns that the server lives and is ready, and what it is', async () => {
    const { client } = await house()
    expect((await client.call('ServerLive', {})).response).toEqual({ live: true })
    expect((await client.call('ServerReady', {})).response).toEqual({ ready: true })
    expect((await client.call('ServerMetadata', {})).response).toMatchObject({
      name: 'blindai',
      extensions: expect.arrayContaining(['binary_tensor_data']),
    })
  })

  test('learns what a model takes, by name, version and digest', async () => {
    const { client, sha256 } = await house()
    const shown = {
      name: 'm',
      versions: ['1', sha256],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
    }
    for (const request of [
      { name: 'm' },
      { name: 'm', version: '1' },
      { name: sha256 },
      { name: 'm', version: sha256 },
    ]) {
      expect((await client.call('ModelMetadata', request)).response).toEqual(shown)
    }
    expect((await client.call('ModelReady', { name: 'm' })).response).toEqual({ ready: true })
    expect((await client.call('ModelConfig', { name: 'm' })).response).toMatchObject({
      config: {
        name: 'm',
        backend: 'onnxruntime',
        input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1] }],
        version_policy: { all: {} },
        parameters: { sha256: { string_value: sha256 } },
      },
    })
  })

  test('gets an answer, and the statistics of it', async () => {
    const { client } = await house()
    const { response, error } = await client.call('ModelInfer', REQUEST)
    expect(error).toBeUndefined()
    expect(response).toMatchObject({
      model_name: 'm',
      model_version: '1',
      id: '7',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
      raw_output_contents: [Buffer.from(TENSOR.data)],
    })
    expect((await client.call('ModelStatistics', { name: 'm' })).response).toMatchObject({
      model_stats: [
        {
          name: 'm',
          version: '1',
          inference_count: 1,
          inference_stats: { success: { count: 1 }, fail: { count: 0 } },
          batch_stats: [{ batch_size: 1, compute_infer: { count: 1 } }],
        },
      ],
    })
    expect((await client.call('ModelStatistics', {})).response).toMatchObject({ model_stats: [{ name: 'm' }] })
  })

  test('sees the repository, unloads a model and loads it', async () => {
    const { client } = await house()
    const index = async (ready: boolean): Promise<unknown> => (await client.call('RepositoryIndex', { ready })).response
    expect(await index(false)).toMatchObject({ models: [{ name: 'm', version: '1', state: 'READY' }] })
    const parameters = { unload_dependents: { bool_param: false } }
    expect((await client.call('RepositoryModelUnload', { model_name: 'm', parameters })).error).toBeUndefined()
    expect(await index(false)).toMatchObject({ models: [{ state: 'UNAVAILABLE', reason: 'unloaded' }] })
    expect(await index(true)).toEqual({ models: [] })
    expect((await client.call('ModelReady', { name: 'm' })).response).toEqual({ ready: false })
    expect((await client.call('ModelInfer', REQUEST)).error).toMatchObject({ code: status.FAILED_PRECONDITION })
    expect((await client.call('RepositoryModelLoad', { model_name: 'm' })).error).toBeUndefined()
    expect((await client.call('ModelInfer', REQUEST)).error).toBeUndefined()
    const config = { config: { string_param: '{}' } }
    const refused = await client.call('RepositoryModelLoad', { model_name: 'm', parameters: config })
    expect(refused.status.metadata.get('x-blindai-error')).toEqual(['PARAMETER_UNSUPPORTED'])
  })

  test('sends requests in a stream, and gets each answered in turn, wrong ones too', async () => {
    const { client } = await house()
    const stream = client.stream()
    const answers: object[] = []
    const next = (request: object): Promise<unknown> => {
      const answer = new Promise((resolve) => stream.once('data', resolve))
      stream.write(request)
      return answer
    }
    stream.on('data', (answer: object) => answers.push(answer))
    const ended = new Promise((resolve) => stream.once('status', resolve))
    expect(await next(REQUEST)).toMatchObject({
      error_message: '',
      infer_response: { id: '7', outputs: [{ name: 'y' }] },
    })
    expect(await next({ ...REQUEST, id: '8', model_name: 'other' })).toMatchObject({
      error_message: expect.stringMatching(/^MODEL_NOT_FOUND: /),
      infer_response: { id: '8' },
    })
    expect(await next({ ...REQUEST, id: '9', raw_input_contents: [] })).toMatchObject({
      error_message: expect.stringMatching(/^SHAPE_MISMATCH: /),
    })
    expect(await next({ ...REQUEST, id: '10' })).toMatchObject({ error_message: '', infer_response: { id: '10' } })
    stream.end()
    expect(await ended).toMatchObject({ code: status.OK })
    expect(answers).toHaveLength(4)
  })

  test('is told what is not served', async () => {
    const { client } = await house()
    const call = (path: string): Promise<unknown> =>
      new Promise((resolve) => {
        const [from, to] = [() => Buffer.alloc(0), () => undefined]
        client.client.makeUnaryRequest(path, from, to, undefined, metadataOf('alice'), (error) => resolve(error))
      })
    for (const path of [
      '/inference.GRPCInferenceService/Nothing',
      '/inference.GRPCInferenceService/SystemSharedMemoryStatus',
      '/inference.GRPCInferenceService/CudaSharedMemoryRegister',
      '/inference.GRPCInferenceService/TraceSetting',
      '/inference.GRPCInferenceService/LogSettings',
      '/grpc.health.v1.Health/Watch',
      '/grpc.reflection.v2.ServerReflection/ServerReflectionInfo',
    ]) {
      expect(await call(path)).toMatchObject({ code: status.UNIMPLEMENTED })
    }
  })
})
