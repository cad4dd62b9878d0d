import { fileURLToPath } from 'node:url'
import { concatBytes } from '@blindai/core'
import {
  type Datatype,
  encodeGrpcInferRequest,
  encodeGrpcInferResponse,
  encodeGrpcModelConfig,
  encodeGrpcModelMetadata,
  encodeGrpcModelStatistics,
  encodeGrpcReady,
  encodeGrpcRepositoryIndex,
  encodeGrpcServerMetadata,
  encodeGrpcStreamResponse,
  parseGrpcInferRequest,
  parseGrpcInferResponse,
  parseGrpcModelReference,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
} from '@blindai/protocol'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import { describe, expect, test } from 'vitest'

/** The published file, read by somebody else's protobuf: what it writes we read, and what we write it reads. */
const definition = loadSync(fileURLToPath(import.meta.resolve('@blindai/protocol/proto/inference.proto')), {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: false,
})

function methodOf(name: string): MethodDefinition<object, object> {
  const service = definition['inference.GRPCInferenceService']
  const method = service !== undefined && Object.entries(service).find(([known]) => known === name)?.[1]
  if (!method || typeof method !== 'object' || !('requestSerialize' in method)) throw new RangeError(`no ${name}`)
  return method
}

function written(method: string, request: object): Uint8Array {
  return methodOf(method).requestSerialize(request)
}

function read(method: string, response: Uint8Array): object {
  return methodOf(method).responseDeserialize(Buffer.from(response))
}

describe('what a stock protobuf writes is read here', () => {
  // biome-ignore format: one row a datatype
  test.each<[Datatype, string, unknown[], Uint8Array]>([
    ['BOOL', 'bool_contents', [true, false], Uint8Array.of(1, 0)],
    ['INT8', 'int_contents', [-128, 127], Uint8Array.of(0x80, 0x7f)],
    ['INT16', 'int_contents', [-32768, 1], Uint8Array.of(0, 0x80, 1, 0)],
    ['INT32', 'int_contents', [-2147483648, 7], Uint8Array.of(0, 0, 0, 0x80, 7, 0, 0, 0)],
    ['UINT8', 'uint_contents', [255, 0], Uint8Array.of(255, 0)],
    ['UINT16', 'uint_contents', [65535, 1], Uint8Array.of(255, 255, 1, 0)],
    ['UINT32', 'uint_contents', [4294967295, 1], Uint8Array.of(255, 255, 255, 255, 1, 0, 0, 0)],
    ['INT64', 'int64_contents', ['-9223372036854775808', '9007199254740993'], bytesOf(new BigInt64Array([-(2n ** 63n), 2n ** 53n + 1n]))],
    ['UINT64', 'uint64_contents', ['18446744073709551615', '1'], bytesOf(new BigUint64Array([2n ** 64n - 1n, 1n]))],
    ['FP32', 'fp32_contents', [1.5, -0], bytesOf(new Float32Array([1.5, -0]))],
    ['FP64', 'fp64_contents', [Number.NEGATIVE_INFINITY, 0.1], bytesOf(new Float64Array([Number.NEGATIVE_INFINITY, 0.1]))],
    ['BYTES', 'bytes_contents', [Buffer.from('ab'), Buffer.alloc(0)], Uint8Array.of(2, 0, 0, 0, 97, 98, 0, 0, 0, 0)],
  ])('%s contents', (datatype, field, values, data) => {
    const input = { name: 'x', datatype, shape: [2], contents: { [field]: values } }
    const request = written('ModelInfer', { model_name: 'm', inputs: [input] })
    expect(parseGrpcInferRequest(request).inputs).toEqual([{ name: 'x', datatype, shape: [2], data }])
  })

  test('raw contents, parameters of every kind, outputs', () => {
    const request = written('ModelInfer', {
      model_name: 'm',
      model_version: '2',
      id: 'i',
      parameters: {
        a: { bool_param: false },
        b: { int64_param: '-5' },
        c: { string_param: '' },
        d: { double_param: 0.5 },
        e: { uint64_param: '7' },
      },
      inputs: [{ name: 'x', datatype: 'FP16', shape: [1, 2], parameters: { z: { bool_param: true } } }],
      outputs: [{ name: 'y', parameters: { classification: { int64_param: 3 } } }],
      raw_input_contents: [Buffer.of(1, 2, 3, 4)],
    })
    expect(parseGrpcInferRequest(request)).toEqual({
      model: 'm',
      version: '2',
      id: 'i',
      parameters: { a: false, b: -5, c: '', d: 0.5, e: 7 },
      inputs: [{ name: 'x', datatype: 'FP16', shape: [1, 2], data: Uint8Array.of(1, 2, 3, 4) }],
      outputs: [{ name: 'y', binary: true, parameters: { classification: 3 } }],
      binaryOutputsByDefault: true,
    })
  })

  test('requests about models and the repository', () => {
    expect(parseGrpcModelReference(written('ModelConfig', { name: 'm', version: '1' }))).toEqual({
      model: 'm',
      version: '1',
    })
    expect(parseGrpcRepositoryIndexRequest(written('RepositoryIndex', { ready: true }))).toMatchObject({
      onlyReady: true,
    })
    const load = {
      model_name: 'm',
      parameters: { config: { string_param: '{}' }, file: { bytes_param: Buffer.of(1) } },
    }
    expect(parseGrpcRepositoryModelRequest(written('RepositoryModelLoad', load))).toEqual({
      repository: '',
      model: 'm',
      parameters: ['config', 'file'],
    })
  })
})

describe('what is written here a stock protobuf reads', () => {
  const data = Uint8Array.of(1, 2, 3, 4)
  const response = {
    modelName: 'm',
    modelVersion: '1',
    id: 'i',
    parameters: { a: true, b: -5, c: 'd', e: 0.5 },
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 1], data } as const],
  }
  const shown = {
    model_name: 'm',
    model_version: '1',
    id: 'i',
    parameters: {
      a: { bool_param: true },
      b: { int64_param: '-5' },
      c: { string_param: 'd' },
      e: { double_param: 0.5 },
    },
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['1', '1'] }],
    raw_output_contents: [Buffer.from(data)],
  }

  test('a response, alone and in a stream', () => {
    expect(read('ModelInfer', concatBytes(...encodeGrpcInferResponse(response)))).toMatchObject(shown)
    expect(read('ModelStreamInfer', concatBytes(...encodeGrpcStreamResponse({ response })))).toMatchObject({
      infer_response: shown,
    })
    const failed = encodeGrpcStreamResponse({ error: 'CODE: why', id: 'i' })
    expect(read('ModelStreamInfer', concatBytes(...failed))).toMatchObject({
      error_message: 'CODE: why',
      infer_response: { id: 'i' },
    })
  })

  test('a request', () => {
    const request = { model: 'm', version: '', inputs: response.outputs, binaryOutputsByDefault: true }
    const bytes = concatBytes(...encodeGrpcInferRequest(request))
    expect(methodOf('ModelInfer').requestDeserialize(Buffer.from(bytes))).toMatchObject({
      model_name: 'm',
      inputs: [{ name: 'y', datatype: 'FP32', shape: ['1', '1'] }],
      raw_input_contents: [Buffer.from(data)],
    })
  })

  test('metadata, with dimensions that may vary', () => {
    expect(
      read('ServerMetadata', encodeGrpcServerMetadata({ name: 'n', version: 'v', extensions: ['a', 'b'] })),
    ).toEqual({
      name: 'n',
      version: 'v',
      extensions: ['a', 'b'],
    })
    const tensor = { name: 'x', datatype: 'INT64', shape: [-1, 3] } as const
    const metadata = { name: 'm', versions: ['1', '2'], platform: 'p', inputs: [tensor], outputs: [tensor, tensor] }
    const shownTensor = { name: 'x', datatype: 'INT64', shape: ['-1', '3'] }
    expect(read('ModelMetadata', encodeGrpcModelMetadata(metadata))).toMatchObject({
      ...metadata,
      inputs: [shownTensor],
      outputs: [shownTensor, shownTensor],
    })
    expect(read('ModelReady', encodeGrpcReady(true))).toEqual({ ready: true })
    expect(encodeGrpcReady(false)).toEqual(new Uint8Array())
  })

  test('a configuration', () => {
    const config = {
      name: 'm',
      platform: 'onnxruntime_onnx',
      backend: 'onnxruntime',
      max_batch_size: 0,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1, 4] }],
      output: [{ name: 'y', data_type: 'TYPE_STRING', dims: [1] }],
      instance_group: [{ name: 'm', kind: 'KIND_CPU', count: 2 }],
      default_model_filename: 'model.onnx',
      parameters: { sha256: { string_value: '00' } },
    }
    const { max_batch_size: _, ...members } = config
    expect(read('ModelConfig', encodeGrpcModelConfig(config))).toMatchObject({
      config: {
        ...members,
        version_policy: { all: {} },
        input: [{ name: 'x', data_type: 'TYPE_FP32', dims: ['-1', '4'] }],
        output: [{ name: 'y', data_type: 'TYPE_STRING', dims: ['1'] }],
      },
    })
  })

  test('statistics and the index', () => {
    const none = { count: 0, ns: 0 }
    const statistics = {
      name: 'm',
      version: '1',
      lastInferenceMs: 1_800_000_000_000,
      inferenceCount: 3,
      executionCount: 2,
      success: { count: 2, ns: 5_000_000_000_000 },
      fail: { count: 1, ns: 9 },
      queue: none,
      computeInput: none,
      computeInfer: { count: 2, ns: 4 },
      computeOutput: none,
      batches: [{ batchSize: 1, computeInput: none, computeInfer: { count: 2, ns: 4 }, computeOutput: none }],
    }
    expect(read('ModelStatistics', encodeGrpcModelStatistics([statistics]))).toMatchObject({
      model_stats: [
        {
          name: 'm',
          version: '1',
          last_inference: '1800000000000',
          inference_count: '3',
          execution_count: '2',
          inference_stats: {
            success: { count: '2', ns: '5000000000000' },
            fail: { count: '1', ns: '9' },
            queue: {},
            compute_infer: { count: '2', ns: '4' },
          },
          batch_stats: [{ batch_size: '1', compute_infer: { count: '2', ns: '4' } }],
        },
      ],
    })
    const entry = { name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' }
    expect(read('RepositoryIndex', encodeGrpcRepositoryIndex([entry, entry]))).toEqual({ models: [entry, entry] })
  })

  test('and a response that it writes with typed contents is read here', () => {
    const typed = {
      model_name: 'm',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1], contents: { fp32_contents: [1] } }],
    }
    const bytes = methodOf('ModelInfer').responseSerialize(typed)
    expect(parseGrpcInferResponse(bytes).outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [1], data: bytesOf(new Float32Array([1])) },
    ])
  })
})

function bytesOf({ buffer }: { readonly buffer: ArrayBuffer }): Uint8Array {
  return new Uint8Array(buffer)
}
