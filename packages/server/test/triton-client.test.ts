import { readFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { gunzipSync, inflateSync } from 'node:zlib'
import { fromRaw, parseInferResponse, type RawTensor } from '@blindai/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { parseServerConfig } from '../src/config.ts'
import { startServer } from '../src/gatekeeper.ts'
import { hashApiKey } from '../src/tenants/index.ts'
import { digestOf, ECHO_SOURCE, KEYS } from './fixtures/house.ts'
import { ask1, socketTo } from './fixtures/listening.ts'
import { DOUBLES, SQUARES } from './fixtures/tiny-models.ts'

/**
 * What Triton's Python client sends, byte for byte, against a server with engines; `vectors/tritonclient-http/source.json`
 * says how it was recorded. The requests are one conversation: a model is unloaded and loaded in it.
 */
interface Recorded {
  readonly call: string
  readonly head: readonly string[]
  readonly body?: string
  readonly status: number
  readonly contentEncoding?: string
  readonly outputs?: readonly { readonly name: string; readonly values: readonly (number | string)[] }[]
}

interface Replayed {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const VECTORS = new URL('../../../vectors/', import.meta.url)
const requests: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('tritonclient-http/requests.json', VECTORS), 'utf8'),
)

const nodeTest = (name: string): Uint8Array => readFileSync(new URL(`onnx-node-tests/${name}/model.onnx`, VECTORS))

const MODELS = [
  ['doubles', SQUARES],
  ['doubles', DOUBLES],
  ['split', nodeTest('test_split_equal_parts_2d')],
  ['texts', nodeTest('test_cast_STRING_to_FLOAT')],
  ['totext', nodeTest('test_cast_FLOAT_to_STRING')],
] as const

const server = await startServer(
  parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'alice', role: 'owner', keySha256: hashApiKey(KEYS.alice) }],
      isolation: 'none',
      unattestedClients: true,
    }),
  ),
  {
    evidence: ECHO_SOURCE,
    software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
    log: () => undefined,
  },
)
const address = { port: Number(new URL(server.url).port), close: async () => undefined }
for (const [name, model] of MODELS) {
  const upload = await socketTo(address)
  const headers = { authorization: `Bearer ${KEYS.alice}` }
  const { status } = await ask1(upload, 'PUT', `/v1/models/${digestOf(model)}?name=${name}`, headers, model)
  upload.destroy()
  if (status !== 201) throw new Error(`the upload of ${name} was answered with ${status}`)
}
// Opened last: the server does not wait long for the first request of a connection.
const socket = await socketTo(address)
afterAll(async () => {
  socket.destroy()
  await server.close()
})

/** Writes the bytes of a request, and reads one answer, whose length is announced. */
function replay(connection: TLSSocket, { head, body = '' }: Recorded): Promise<Replayed> {
  const { promise, resolve, reject } = Promise.withResolvers<Replayed>()
  if (connection.destroyed) reject(new Error('the connection is closed'))
  let received = Buffer.alloc(0)
  const end = (): void => void connection.off('data', onData).off('close', onClose)
  const onClose = (): void => reject(new Error('the connection was closed'))
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk])
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const [first = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n')
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
    })
    const headers = new Map(fields)
    const answer = received.subarray(headEnd + 4)
    if (answer.byteLength < Number(headers.get('content-length'))) return
    end()
    resolve({ status: Number(first.split(' ')[1]), headers, body: answer })
  }
  connection.on('data', onData).on('close', onClose)
  connection.write(`${head.join('\r\n').replace('@KEY@', KEYS.alice)}\r\n\r\n`)
  connection.write(Buffer.from(body, 'base64'))
  return promise
}

/** As the client reads an answer: its coding first, then its JSON part and its binary part. */
function outputsOf({ headers, body }: Replayed): Recorded['outputs'] {
  const coding = headers.get('content-encoding')
  const content = coding === 'gzip' ? gunzipSync(body) : coding === 'deflate' ? inflateSync(body) : body
  const length = headers.get('inference-header-content-length')
  const { outputs } = parseInferResponse(content, length === undefined ? undefined : Number(length))
  return outputs.map((output) => ({ name: output.name, values: valuesOf(output) }))
}

function valuesOf(output: RawTensor): (number | string)[] {
  const tensor = fromRaw(output)
  if (tensor.datatype === 'FP32') return [...tensor.data]
  if (tensor.datatype === 'BYTES') return tensor.data.map((element) => Buffer.from(element).toString())
  throw new TypeError(`no answer here is ${tensor.datatype}`)
}

describe('a call of Triton’s Python client', () => {
  test.each(requests.map((request, index) => [index + 1, request.call, request] as const))(
    'is answered as it was: %i, %s',
    async (_index, _call, request) => {
      const answer = await replay(socket, request)
      expect(answer.status).toBe(request.status)
      expect(answer.headers.get('content-encoding')).toBe(request.contentEncoding)
      if (request.status === 200) {
        if (request.outputs !== undefined) expect(outputsOf(answer)).toEqual(request.outputs)
        return
      }
      // What the client raises has this member for its message.
      const { error }: { error?: unknown } = JSON.parse(answer.body.toString())
      if (!request.head[0]?.includes('/ready')) expect(error).toMatch(/\w/)
    },
  )

  test('is one of at least 50, of which at least 20 run a model', () => {
    expect(requests.length).toBeGreaterThanOrEqual(50)
    expect(requests.filter(({ outputs }) => outputs !== undefined).length).toBeGreaterThanOrEqual(20)
  })
})
