import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestStream, digestStreamBody } from '@blindai/client'
import { concatBytes, toHex } from '@blindai/core'
import { encodeGrpcInferRequest } from '@blindai/protocol'
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blindai } from './capture.ts'

const MNIST = fileURLToPath(new URL('../../../samples/models/mnist.onnx', import.meta.url))

/** Two blank digits, as two messages of a stream. */
const REQUESTS = ['first', 'second'].map((id) => {
  const input = { name: 'Input3', datatype: 'FP32', shape: [1, 1, 28, 28], data: new Uint8Array(4 * 784) } as const
  return concatBytes(
    ...encodeGrpcInferRequest({ model: 'mnist', version: '', id, inputs: [input], binaryOutputsByDefault: true }),
  )
})

/** Options that lack the salt alone. */
const WHOLE = ['--document', 'document.json', '--stream', '--request', 'requests', '--response', 'answers']

let folder = ''
const server = { url: '', plainUrl: '', stop: new AbortController(), ended: Promise.resolve<unknown>(undefined) }
const key = `blindai_${toHex(randomBytes(32))}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-stream-'))
  const keySha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))))
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    plainListen: { host: '127.0.0.1', port: 0 },
    tenants: [{ name: 'clinic', role: 'owner', keySha256 }],
    isolation: 'none',
    unattestedClients: true,
  }
  await writeFile(join(folder, 'blindai.json'), JSON.stringify(config))
  await writeFile(join(folder, 'key'), key, { mode: 0o600 })
  const { promise, resolve } = Promise.withResolvers<{ readonly url: string; readonly plainUrl: string }>()
  server.ended = blindai(['serve', '--simulated', '--config', 'blindai.json', '--state', 'state', '--json'], {
    folder,
    interrupted: server.stop.signal,
    onStdout: (text) => text.includes('"listening"') && resolve(JSON.parse(text)),
  })
  Object.assign(server, await promise)
  // The one switch that stock clients need is in the statement, and has to be wanted.
  const init = ['policy', 'init', '--simulated', '--isolation', 'none', '--state', 'state', '--out', 'policy.json']
  expect(await blindai(init, { folder })).toMatchObject({ code: 0 })
  const policy = JSON.parse(await readFile(join(folder, 'policy.json'), 'utf8'))
  policy.config = { ...policy.config, unattestedClients: [true] }
  await writeFile(join(folder, 'policy.json'), JSON.stringify(policy))
  const env = {
    BLINDAI_URL: server.url,
    BLINDAI_POLICY: 'policy.json',
    BLINDAI_KEY_FILE: 'key',
    BLINDAI_STATE: 'state',
  }
  expect(await blindai(['models', 'upload', MNIST, '--name', 'mnist'], { folder, env })).toMatchObject({ code: 0 })
  const { answers, receipt, salt } = await streamed(REQUESTS)
  expect(answers).toHaveLength(2)
  const document = await fetch(`${server.plainUrl}/.well-known/blindai/attestation`)
  const files: readonly (readonly [name: string, content: string | Uint8Array])[] = [
    ['receipt.txt', receipt],
    ['salt', `${salt}\n`],
    ['none', 'no salt'],
    ['short', 'A'.repeat(42)],
    ['document.json', await document.bytes()],
    ['requests', bodyOf(REQUESTS)],
    ['answers', bodyOf(answers)],
    ['cut', bodyOf(answers.slice(0, 1))],
    ['torn', bodyOf(REQUESTS).subarray(0, -1)],
  ]
  for (const [name, content] of files) await writeFile(join(folder, name), content)
  expect(await digestStream(answers)).toEqual(await digestStreamBody(bodyOf(answers)))
})
afterAll(async () => {
  server.stop.abort()
  await server.ended
  await rm(folder, { recursive: true })
})

/** Sends messages with a stock client that sees no more than bytes. */
async function streamed(requests: readonly Uint8Array[]) {
  const client = new Client(
    server.url.replace('https://', ''),
    credentials.createSsl(null, null, null, { rejectUnauthorized: false, checkServerIdentity: () => undefined }),
    { 'grpc.ssl_target_name_override': 'localhost' },
  )
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${key}`)
  metadata.set('blindai-receipt', '1')
  const path = '/inference.GRPCInferenceService/ModelStreamInfer'
  const stream = client.makeBidiStreamRequest<Uint8Array, Buffer>(path, Buffer.from, (bytes) => bytes, metadata)
  const answers: Buffer[] = []
  stream.on('data', (answer: Buffer) => answers.push(answer))
  const ended = new Promise<StatusObject>((resolve) => stream.once('status', resolve))
  for (const request of requests) stream.write(request)
  stream.end()
  const status = await ended
  client.close()
  const text = (name: string): string => String(status.metadata.get(name)[0])
  return { answers, receipt: text('blindai-receipt'), salt: text('blindai-receipt-salt') }
}

/** Messages as a file holds them. */
function bodyOf(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const prefix = Buffer.alloc(5)
      prefix.writeUInt32BE(message.byteLength, 1)
      return [prefix, message]
    }),
  )
}

describe('receipts verify, of a stream', () => {
  test('shows whoever has the messages that they are those of a stock client, and refuses others', async () => {
    const verify = ['receipts', 'verify', 'receipt.txt', '--document', 'document.json', '--policy', 'policy.json']
    const bodies = ['--salt-file', 'salt', '--stream', '--request', 'requests', '--response']
    const shown = await blindai([...verify, ...bodies, 'answers'], { folder })
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('SHOWN') })
    expect(shown.stdout).toContain(`${bodyOf(REQUESTS).byteLength} bytes in 2 messages`)
    expect(await blindai([...verify, ...bodies, 'cut'], { folder })).toMatchObject({
      code: 20,
      stderr: expect.stringContaining('RECEIPT_MESSAGES_MISMATCH'),
    })
  })

  test.each([
    ['a salt without the bodies', ['--document', 'document.json', '--salt-file', 'salt'], '--request and --response'],
    ['a salt without a document', ['--salt-file', 'salt'], '--document'],
    ['a stream without its bodies', ['--document', 'document.json', '--stream'], 'neither is there'],
    ['a salt that is none', [...WHOLE, '--salt-file', 'none'], 'base64url of 32 bytes'],
    ['a salt of 31 bytes', [...WHOLE, '--salt-file', 'short'], 'base64url of 32 bytes'],
  ])('asks for what is missing beside %s', async (_, options, missing) => {
    const argv = ['receipts', 'verify', 'receipt.txt', '--policy', 'policy.json', ...options]
    expect(await blindai(argv, { folder })).toMatchObject({ code: 2, stderr: expect.stringContaining(missing) })
  })

  test('refuses a file of messages that ends within one', async () => {
    const argv = ['receipts', 'verify', 'receipt.txt', '--policy', 'policy.json', '--document', 'document.json']
    const torn = await blindai([...argv, '--stream', '--request', 'torn'], { folder })
    expect(torn).toMatchObject({ code: 1, stderr: expect.stringContaining('RECEIPT_STREAM_INVALID') })
  })
})
