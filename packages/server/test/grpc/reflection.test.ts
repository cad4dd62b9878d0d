import { fileURLToPath } from 'node:url'
import { Metadata, type ServiceError } from '@grpc/grpc-js'
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MethodDefinition,
  type Options,
  type PackageDefinition,
} from '@grpc/proto-loader'
import { afterEach, describe, expect, test } from 'vitest'
import { DESCRIPTOR_SETS } from '../../src/grpc/descriptors.ts'
import { SERVICES } from '../../src/grpc/served-files.ts'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, frame, metadataOf, StockClient } from '../fixtures/grpc.ts'
import { openHouse, sessionTo } from '../fixtures/listening.ts'
import { MODEL, make } from '../fixtures/tenants.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const OPTIONS: Options = { keepCase: true, longs: Number, enums: String, oneofs: true }
const FILES = [
  'inference.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
]
const VERSIONS = ['v1', 'v1alpha'] as const

const published = (file: string): PackageDefinition =>
  loadSync(fileURLToPath(import.meta.resolve(`@blindai/protocol/proto/${file}`)), OPTIONS)

function methodOf(definition: PackageDefinition, path: string): MethodDefinition<object, object> {
  const [, service = '', name = ''] = path.split('/')
  const found = Object.entries(definition[service] ?? {}).find(([known]) => known === name)?.[1]
  if (!found || typeof found !== 'object' || !('requestSerialize' in found)) throw new RangeError(`no ${path}`)
  return found
}

async function house(options: Parameters<typeof openHouse>[0] = {}) {
  const opened = await openHouse({ unattestedClients: true, ...options })
  open.push(opened)
  const { client } = new StockClient(opened.tls.port)
  open.push(client)

  /** Sends questions one after another, and gives the answers and the error at the end. */
  async function reflect(questions: readonly object[], version = 'v1', metadata = metadataOf('alice')) {
    const definition = published(`grpc/reflection/${version}/reflection.proto`)
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
    const { requestSerialize, responseDeserialize } = methodOf(definition, path)
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata)
    const answers: object[] = []
    stream.on('data', (answer: object) => answers.push(answer))
    for (const question of questions) stream.write(question)
    stream.end()
    const error = await new Promise<ServiceError | undefined>((resolve) => {
      stream.once('error', resolve)
      stream.once('end', () => resolve(undefined))
    })
    return { answers, error }
  }

  async function call(definition: PackageDefinition, path: string, request: object, metadata = new Metadata()) {
    const { requestSerialize, responseDeserialize } = methodOf(definition, path)
    return await new Promise<{ error: ServiceError | null; response: object | undefined }>((resolve) =>
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, response) =>
        resolve({ error, response }),
      ),
    )
  }

  return { ...opened, call, reflect }
}

/** The only file of an answer, as a set. */
function setOf(answer: unknown): Buffer {
  const [file, ...others] = Object(answer).file_descriptor_response.file_descriptor_proto
  if (others.length > 0 || !Buffer.isBuffer(file)) throw new TypeError('not one file')
  const length = file.byteLength
  return Buffer.concat([Buffer.of(0x0a, (length & 0x7f) | 0x80, length >> 7), file])
}

describe('the descriptors', () => {
  test.each(FILES.map((file, at) => [file, at] as const))('of %s say what the file says', (file, at) => {
    const [ours, theirs] = [loadFileDescriptorSetFromBuffer(setAt(at), OPTIONS), published(file)]
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort())
    expect(Object.keys(ours).length).toBeGreaterThan(2)
    for (const name of Object.keys(theirs)) expect([name, shapeOf(ours[name])]).toEqual([name, shapeOf(theirs[name])])
  })

  test('are of every service that has a method', async () => {
    const { allRoutes } = await house()
    const ofRoutes = allRoutes.flatMap(({ path }) => /^\/([\w.]+)\/[A-Z]\w+$/.exec(path)?.[1] ?? [])
    expect([...new Set(ofRoutes)].sort()).toEqual([...SERVICES].sort())
  })
})

function setAt(at: number): Buffer {
  return Buffer.from(DESCRIPTOR_SETS[at] ?? '', 'base64')
}

/**
 * A message, an enumeration or a service without what only its loader knows of it: names of types are full in what protoc
 * writes and relative in what the loader reads, and the entries of a map and their options have its own form.
 */
function shapeOf(definition: PackageDefinition[string] | undefined): unknown {
  return JSON.parse(
    JSON.stringify(definition, (key, value) => {
      if (key === 'nestedType' && Array.isArray(value)) return value.toSorted(byName)
      if (['fileDescriptorProtos', 'jsonName', 'options'].includes(key)) return undefined
      return key === 'typeName' || key === 'name' ? plain(String(value)) : value
    }),
  )
}

/** A name without its scope. */
function plain(name: string): string {
  return name.replace(/^.*\./, '').replace(/Entry$/, '')
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return plain(a.name) < plain(b.name) ? -1 : 1
}

describe.each(VERSIONS)('reflection %s', (version) => {
  test('gives a client without any file what it needs to run a model', async () => {
    const { call, reflect, upload } = await house()
    await upload('alice', MODEL, '?name=m')
    const service = 'inference.GRPCInferenceService'
    const { answers, error } = await reflect([{ file_containing_symbol: service }], version)
    expect(error).toBeUndefined()
    const definition = loadFileDescriptorSetFromBuffer(setOf(answers[0]), OPTIONS)
    const request = {
      model_name: 'm',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      raw_input_contents: [Buffer.from(TENSOR.data)],
    }
    expect(await call(definition, `/${service}/ModelInfer`, request, metadataOf('alice'))).toMatchObject({
      error: null,
      response: { model_name: 'm', raw_output_contents: [Buffer.from(TENSOR.data)] },
    })
  })

  test('answers questions one after another, and says what it does not have', async () => {
    const { reflect } = await house()
    const symbols = [
      'inference.ModelInferRequest.InferInputTensor',
      'inference.DataType',
      'inference.GRPCInferenceService.ModelInfer',
      'grpc.health.v1.HealthCheckResponse.ServingStatus',
      `grpc.reflection.${version}.ServerReflection`,
    ]
    const questions = [
      { host: 'h', list_services: '*' },
      { file_by_filename: 'inference.proto' },
      ...symbols.map((symbol) => ({ file_containing_symbol: symbol })),
      { file_by_filename: '../inference.proto' },
      { file_containing_symbol: 'inference.Nothing' },
      { file_containing_symbol: 'constructor' },
      { file_containing_symbol: '' },
      { file_containing_extension: { containing_type: 'inference.DataType', extension_number: 1 } },
      { all_extension_numbers_of_type: 'inference.DataType' },
      {},
    ]
    const { answers, error } = await reflect(questions, version)
    expect(error).toBeUndefined()
    expect(answers).toHaveLength(questions.length)
    expect(answers[0]).toMatchObject({
      valid_host: 'h',
      original_request: questions[0],
      list_services_response: { service: SERVICES.map((name) => ({ name })) },
    })
    expect(answers.slice(1, 7).map(setOf)).toEqual([...[0, 0, 0, 0, 1].map(setAt), setAt(version === 'v1' ? 2 : 3)])
    const codes = answers.slice(7).map((answer) => Object(answer).error_response.error_code)
    expect(codes).toEqual([5, 5, 5, 5, 12, 12, 3])
  })

  test('is for who has a key, on a connection that was proved', async () => {
    const { reflect, answered } = await house()
    expect((await reflect([{ list_services: '' }], version, new Metadata())).error).toMatchObject({ code: 16 })
    expect(answered.at(-1)?.route?.path).toBe(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)
    const unproved = await house({ unattestedClients: false })
    expect((await unproved.reflect([{ list_services: '' }], version)).error).toMatchObject({ code: 7 })
  })
})

describe('a stream of reflection', () => {
  const PATH = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'

  test('counts each question as a request', async () => {
    const opened = await house({ nowMs: () => 0 })
    const key = await make(opened, 'clinic', { quotas: { maxRequestsPerMinute: 2 } })
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${key}`)
    const { answers, error } = await opened.reflect(Array(3).fill({ list_services: '' }), 'v1', metadata)
    expect(answers).toHaveLength(2)
    expect(error).toMatchObject({ code: 8 })
    expect(error?.metadata.get('x-blindai-error')).toEqual(['TENANT_RATE_LIMITED'])
  })

  test.each([
    ['too long', frame(new Uint8Array(), { length: 64 * 1024 + 1 }), '8', 'BODY_TOO_LARGE'],
    ['no protobuf', frame(Uint8Array.of(0x0b)), '3', 'NOT_PROTOBUF'],
    ['two questions in one', frame(Uint8Array.of(0x3a, 0, 0x22, 0)), '3', 'DUPLICATE_MEMBER'],
    ['a name that is no text', frame(Uint8Array.of(0x22, 1, 0xff)), '3', 'NOT_UTF8'],
  ])('ends at a question that is %s', async (_, body, status, code) => {
    const { tls } = await house()
    const session = await sessionTo(tls)
    open.push({ close: () => session.destroy() })
    expect((await callRaw(session, PATH, body)).trailers).toMatchObject({
      'grpc-status': status,
      'x-blindai-error': code,
    })
    expect((await callRaw(session, PATH, frame(Uint8Array.of(0x3a, 0)))).trailers).toMatchObject({ 'grpc-status': '0' })
  })
})

describe('health', () => {
  const CHECK = '/grpc.health.v1.Health/Check'
  const health = published('grpc/health/v1/health.proto')

  test('is told without a key and without a proof, of the server and of each service', async () => {
    const { call } = await house({ unattestedClients: false })
    for (const service of ['', ...SERVICES]) {
      expect(await call(health, CHECK, { service })).toEqual({ error: null, response: { status: 'SERVING' } })
    }
  })

  test('is not told of what there is not, and not in a stream', async () => {
    const { call } = await house()
    const unknown = await call(health, CHECK, { service: 'inference.Nothing' })
    expect(unknown.error).toMatchObject({ code: 5 })
    expect(unknown.error?.metadata.get('x-blindai-error')).toEqual(['SERVICE_UNKNOWN'])
    expect((await call(health, '/grpc.health.v1.Health/Watch', {})).error).toMatchObject({ code: 12 })
  })

  test('is not good of a server that is not ready', async () => {
    const { call } = await house({ isReady: () => false })
    expect((await call(health, CHECK, {})).response).toEqual({ status: 'NOT_SERVING' })
  })

  test('over another media type is told what the path takes', async () => {
    const { ask } = await house()
    expect(await ask('POST', CHECK, { as: 'alice' })).toMatchObject({ status: 415 })
  })
})
