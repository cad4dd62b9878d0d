import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Session } from '@blindai/client'
import { encodeTaskRequest } from '@blindai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask1, provedSocket, type WireAnswer } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'
import {
  AT_THE_DOOR,
  CANARY,
  FOR_CHANGES,
  FOR_INFERENCE,
  FOR_METADATA,
  FOR_TASKS,
  FOR_UPLOADS,
  type HostileRequest,
  MAX_BYTES,
} from './hostile-request.ts'
import { DOUBLES, numbers } from './models.ts'
import { whileServing } from './serving-on.ts'

const TIMEOUT_MS = 120_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** No path, stack or library: what an answer never tells. */
function expectNothingOfTheMachine(text: string): void {
  expect(text).not.toContain(ROOT)
  expect(text).not.toMatch(/\/(?:tmp|home|proc|usr|root)\b|\.ts\b|node:|node_modules|vips|sharp|\bat \w+ \(|\n {4}at /)
}

/** By what they are for. */
const SUITES = {
  'at the door': AT_THE_DOOR,
  'for metadata': FOR_METADATA,
  'for an inference': FOR_INFERENCE,
  'for a task': FOR_TASKS,
  'with a model': FOR_UPLOADS,
  'for a change': FOR_CHANGES,
}

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  served = await serve({
    tenants: { alice: 'owner', bob: 'owner', carol: 'caller' },
    limits: { cores: 2, maxRequestBytes: MAX_BYTES, maxModelBytes: MAX_BYTES },
  })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
  await alice.models.upload(DOUBLES, { name: 'doubles' })
  await alice.models.grant('doubles', 'carol')
})
afterAll(() => served?.close())

async function send({ method, path, as, headers, body }: HostileRequest): Promise<WireAnswer> {
  const socket = await provedSocket(served)
  const authorization = `Bearer ${as === 'nobody' ? CANARY : served.key(as)}`
  try {
    return await ask1(socket, method, path, { authorization, ...headers }, body)
  } finally {
    socket.destroy()
  }
}

/** Refused by its code, in the form that every refusal has, and with nothing of the request or the machine. */
async function expectRefusal(request: HostileRequest): Promise<void> {
  const { status, headers, text } = await send(request)
  expect({ status, code: headers['x-blindai-error'] }).toEqual({ status: request.status, code: request.code })
  expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(text).not.toContain(CANARY)
  if (request.method === 'HEAD') return
  expect(headers['content-type']).toBe('application/json')
  expect(JSON.parse(text)).toEqual({ error: expect.any(String), code: request.code, hint: expect.any(String) })
  expectNothingOfTheMachine(text)
}

describe.each(Object.entries(SUITES))('a request %s', (_, requests) => {
  test.each(requests)('is refused by its code: $name', async (request) => {
    await expectRefusal(request)
  })
})

describe('a bundle that reads pictures', () => {
  test('refuses what is no picture, or too large a one, and reads the next', { timeout: TIMEOUT_MS }, async () => {
    const roomy = await serve({ simulator: served.simulator })
    try {
      const session = await roomy.connect('alice')
      const folder = fileURLToPath(new URL('../../samples/models/fashion-resnet/', import.meta.url))
      await session.models.upload(folder, { name: 'fashion', task: 'image-classification' })
      const bag = await readFile(new URL('../../samples/images/fashion_bag.png', import.meta.url))
      const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
      const refused = expect.stringMatching(/^INPUT_(?:UNSUPPORTED|INVALID)$/)
      for (const [data, type] of [
        [Buffer.from(svg), 'image/svg+xml'],
        [Buffer.from(svg), 'image/png'],
        [Buffer.from(CANARY), 'image/png'],
        [bag.subarray(0, 40), 'image/png'],
        [bag.subarray(0, bag.byteLength - 40), 'image/png'],
        [withSize(bag, 60_000, 60_000), 'image/png'],
        [Buffer.alloc(0), 'image/png'],
      ] as const) {
        expect(await classify(session, data, type)).toEqual(refused)
      }
      expect(await classify(session, bag, 'image/png')).toBe('read')
    } finally {
      await roomy.close()
    }
  })
})

/** The code that a picture is refused with, if it is. */
async function classify(session: Session, data: Uint8Array, contentType: string): Promise<unknown> {
  const inputs = [{ kind: 'binary', data, contentType }] as const
  const { body, headerLength } = encodeTaskRequest({ model: 'fashion', inputs, parameters: {} })
  const answer = await session.fetch('/v1/tasks/image-classification', {
    method: 'POST',
    headers: { 'inference-header-content-length': String(headerLength) },
    body: new Uint8Array(body),
  })
  const text = await answer.text()
  expectNothingOfTheMachine(text)
  return answer.ok ? 'read' : JSON.parse(text).code
}

describe('after all of this', () => {
  test('the server serves, and wrote down nothing of it', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      for (const requests of Object.values(SUITES)) for (const request of requests) await send(request)
    })
    expect((await alice.infer('doubles', [numbers(2)])).outputs).toMatchObject([{ data: Float32Array.of(4) }])
    expect(JSON.stringify(served.events)).not.toContain(CANARY)
    expect(served.events.filter(({ event }) => event === 'request-failed' || event === 'unexpected-rejection')).toEqual(
      [],
    )
  })
})

/** A PNG that claims another size. Source: PNG specification 11.2.2: IHDR at offset 16, its CRC at 29. */
function withSize(png: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(png)
  changed.writeUInt32BE(width, 16)
  changed.writeUInt32BE(height, 20)
  return changed
}
