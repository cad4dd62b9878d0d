import { concatBytes, fromBase64Url } from '@blindai/core'
import {
  DATATYPES,
  encodeGrpcInferRequest,
  encodeInferRequest,
  HEADER_LENGTH_HEADER,
  parseGrpcInferResponse,
  parseInferResponse,
  type RawTensor,
} from '@blindai/protocol'
import { digestBody, RECEIPT_HEADER, RECEIPT_SALT_HEADER, verifyReceipt } from '@blindai/receipts'
import {
  API_CATALOGUE,
  ENGINE_CATALOGUE,
  INFERENCE_CATALOGUE,
  MODEL_CATALOGUE,
  SCHEDULER_CATALOGUE,
} from '@blindai/server'
import { status as grpc } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { grpcStatusOf } from '../../src/grpc/status.ts'
import { publicError } from '../../src/http/error-response.ts'
import { callRaw, frame, StockClient } from '../fixtures/grpc.ts'
import { grpcHouses } from '../fixtures/grpc-house.ts'
import { NOW } from '../fixtures/house.ts'

const openGrpc = grpcHouses()

async function house() {
  const opened = await openGrpc()
  const client = new StockClient(opened.tls.port)
  opened.closeWith(client)
  const sha256 = await opened.upload('alice', new Uint8Array(10).fill(1), '?name=m')
  // What comes out is what went in.
  opened.engines.onRun = (run) => run.answer([...run.inputs])
  return { ...opened, client, sha256 }
}

/** Two elements of each datatype, whose bits mean something else in every other. */
const VALUES: Readonly<Record<RawTensor['datatype'], { readonly data: Uint8Array; readonly contents?: object }>> = {
  BOOL: { data: Uint8Array.of(1, 0), contents: { bool_contents: [true, false] } },
  UINT8: { data: Uint8Array.of(255, 7), contents: { uint_contents: [255, 7] } },
  UINT16: { data: bytesOf(new Uint16Array([65_535, 256])), contents: { uint_contents: [65_535, 256] } },
  UINT32: { data: bytesOf(new Uint32Array([2 ** 32 - 1, 1])), contents: { uint_contents: [2 ** 32 - 1, 1] } },
  UINT64: {
    data: bytesOf(new BigUint64Array([2n ** 64n - 1n, 2n ** 53n + 1n])),
    contents: { uint64_contents: ['18446744073709551615', '9007199254740993'] },
  },
  INT8: { data: bytesOf(new Int8Array([-128, 5])), contents: { int_contents: [-128, 5] } },
  INT16: { data: bytesOf(new Int16Array([-32_768, 5])), contents: { int_contents: [-32_768, 5] } },
  INT32: { data: bytesOf(new Int32Array([-(2 ** 31), 5])), contents: { int_contents: [-(2 ** 31), 5] } },
  INT64: {
    data: bytesOf(new BigInt64Array([-(2n ** 63n), -(2n ** 53n) - 1n])),
    contents: { int64_contents: ['-9223372036854775808', '-9007199254740993'] },
  },
  FP16: { data: Uint8Array.of(0, 0x3c, 1, 0x7e) },
  FP32: { data: bytesOf(new Float32Array([-0, 0.1])), contents: { fp32_contents: [-0, 0.1] } },
  FP64: { data: bytesOf(new Float64Array([Number.NaN, 0.1])), contents: { fp64_contents: [Number.NaN, 0.1] } },
  BYTES: {
    data: Uint8Array.of(2, 0, 0, 0, 0xff, 0, 0, 0, 0, 0),
    contents: { bytes_contents: [Buffer.of(0xff, 0), Buffer.alloc(0)] },
  },
}

describe('the same request over HTTP and gRPC', () => {
  test.each(DATATYPES)('gives the same bits of %s', async (datatype) => {
    const { ask, session, client } = await house()
    const { data, contents } = VALUES[datatype]
    const input: RawTensor = { name: 'x', datatype, shape: [1, 2], data }
    const request = { id: '7', inputs: [input], binaryOutputsByDefault: true }
    const sent = encodeInferRequest(request, { binary: true })
    const http = await ask('POST', '/v2/models/m/infer', {
      as: 'alice',
      body: sent.body,
      headers: { [HEADER_LENGTH_HEADER.toLowerCase()]: String(sent.headerLength) },
    })
    const expected = parseInferResponse(http.bytes, Number(http.headers[HEADER_LENGTH_HEADER.toLowerCase()]))
    expect(expected.outputs).toEqual([input])
    const message = concatBytes(...encodeGrpcInferRequest({ ...request, model: 'm', version: '' }))
    const raw = await callRaw(session, 'ModelInfer', frame(message))
    expect(parseGrpcInferResponse(raw.body.subarray(5))).toEqual(expected)
    if (contents === undefined) return
    const typed = { model_name: 'm', id: '7', inputs: [{ name: 'x', datatype, shape: [1, 2], contents }] }
    expect((await client.call('ModelInfer', typed)).response).toMatchObject({
      raw_output_contents: [Buffer.from(data)],
    })
  })

  test.each<[string, string, object]>([
    ['a model that is missing', 'MODEL_NOT_FOUND', { model: 'other' }],
    ['an input twice', 'DUPLICATE_TENSOR', { twice: true }],
    ['a parameter that asks for a sequence', 'PARAMETER_UNSUPPORTED', { parameters: { sequence_id: 1 } }],
    ['a size that is not that of the shape', 'BINARY_SIZE_MISMATCH', { length: 3 }],
  ])(
    'is refused with the same code for %s',
    async (_, code, how: {
      readonly model?: string
      readonly twice?: boolean
      readonly parameters?: Readonly<Record<string, number>>
      readonly length?: number
    }) => {
      const { ask, client } = await house()
      const { model = 'm', twice = false, parameters = {}, length = 4 } = how
      const entry = { name: 'x', datatype: 'FP32', shape: [1] }
      const inputs = twice ? [entry, entry] : [entry]
      const json = JSON.stringify({
        parameters,
        inputs: inputs.map((input) => ({ ...input, parameters: { binary_data_size: length } })),
      })
      const http = await ask('POST', `/v2/models/${model}/infer`, {
        as: 'alice',
        body: concatBytes(Buffer.from(json), new Uint8Array(length * inputs.length)),
        headers: { [HEADER_LENGTH_HEADER.toLowerCase()]: String(Buffer.byteLength(json)) },
      })
      expect(http.headers['x-blindai-error']).toBe(code)
      const { error, status } = await client.call('ModelInfer', {
        model_name: model,
        inputs,
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => [name, { int64_param: value }]),
        ),
        raw_input_contents: inputs.map(() => Buffer.alloc(length)),
      })
      expect(status.metadata.get('x-blindai-error')).toEqual([code])
      expect(error?.details).toContain(String(Object(http.json).error))
    },
  )

  test('is the same model in metadata, configuration, statistics and the index', async () => {
    const { ask, client } = await house()
    await ask('POST', '/v2/models/m/infer', {
      as: 'alice',
      body: '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}',
    })
    const { response } = await client.call('ModelStatistics', { name: 'm' })
    const http = Object((await ask('GET', '/v2/models/m/stats', { as: 'alice' })).json)
    expect(response).toMatchObject({ model_stats: [{ inference_count: 1 }] })
    const [entry] = http.model_stats
    delete entry.inference_stats.cache_hit
    delete entry.inference_stats.cache_miss
    expect(response).toEqual({ model_stats: [entry] })
    const metadata = (await ask('GET', '/v2/models/m', { as: 'alice' })).json
    expect((await client.call('ModelMetadata', { name: 'm' })).response).toEqual(metadata)
    const config = Object((await ask('GET', '/v2/models/m/config', { as: 'alice' })).json)
    const { version_policy, ...members } = config
    expect((await client.call('ModelConfig', { name: 'm' })).response).toMatchObject({ config: members })
    expect(version_policy).toEqual({ all: {} })
    const models = (await ask('POST', '/v2/repository/index', { as: 'alice' })).bytes
    expect((await client.call('RepositoryIndex', {})).response).toEqual({
      models: JSON.parse(Buffer.from(models).toString()),
    })
  })
})

describe('a receipt over gRPC', () => {
  test('is in the trailers, and is of exactly the two messages', async () => {
    const { attester, session, signer, sha256 } = await house()
    const input: RawTensor = { name: 'x', datatype: 'FP32', shape: [1, 2], data: VALUES.FP32.data }
    const message = concatBytes(
      ...encodeGrpcInferRequest({ model: 'm', version: '', inputs: [input], binaryOutputsByDefault: true }),
    )
    const { body, trailers } = await callRaw(session, 'ModelInfer', frame(message), { [RECEIPT_HEADER]: '1' })
    expect(trailers).toMatchObject({ 'grpc-status': '0' })
    const keys = {
      statementSha256: Buffer.from(attester.statementSha256).toString('hex'),
      receiptsKey: signer.publicJwk,
      notBefore: NOW,
      notAfter: NOW,
    }
    const receipt = await verifyReceipt(String(trailers[RECEIPT_HEADER]), keys, {
      operation: 'run',
      modelSha256: sha256,
      salt: fromBase64Url('salt', String(trailers[RECEIPT_SALT_HEADER])),
      request: await digestBody(message),
      response: await digestBody(body.subarray(5)),
    })
    expect(receipt).toMatchObject({ sequence: 1, model: { kind: 'onnx' } })
    const without = await callRaw(session, 'ModelInfer', frame(message))
    expect(without.trailers).not.toHaveProperty(RECEIPT_HEADER)
  })
})

describe('every error', () => {
  test('has a status of gRPC', () => {
    const catalogues = [API_CATALOGUE, ENGINE_CATALOGUE, INFERENCE_CATALOGUE, MODEL_CATALOGUE, SCHEDULER_CATALOGUE]
    for (const code of catalogues.flatMap((catalogue) => Object.keys(catalogue))) {
      const error = Object.assign(new Error(code), { name: 'ApiError', code, hint: '', details: {} })
      expect([code, grpcStatusOf(publicError(error))]).not.toEqual([code, grpc.UNKNOWN])
    }
    expect(grpcStatusOf(publicError(new Error('anything')))).toBe(grpc.INTERNAL)
  })
})

function bytesOf({ buffer }: { readonly buffer: ArrayBuffer }): Uint8Array {
  return new Uint8Array(buffer)
}
