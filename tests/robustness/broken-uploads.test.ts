import { hash } from 'node:crypto'
import { collectBody, encapsulateStream, OHTTP_AUTHORITY } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { provedSession, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'
import { SQUEEZENET } from './models.ts'
import { configsOf, headOf, MIB, now, OHTTP, plainSocket } from './raw-client.ts'
import { whileServing } from './serving-on.ts'

const TIMEOUT_MS = 120_000
const { byteLength } = SQUEEZENET
const HALF = SQUEEZENET.subarray(0, byteLength >> 1)
const SHA256 = hash('sha256', SQUEEZENET)
const PATH = `/v1/models/${SHA256}`

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  // Room for one and a half.
  const maxModelBytesPerTenant = Math.floor(1.5 * byteLength)
  served = await serve({ plain: true, tenants: ['alice', 'bob'], limits: { cores: 2, maxModelBytesPerTenant } })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
})
afterAll(() => served?.close())

async function offset(): Promise<number> {
  return Number((await alice.fetch(PATH, { method: 'HEAD' })).headers.get('upload-offset'))
}

/** Resolves when the server holds bytes of the upload: before that there would be nothing to leave. */
async function expectUnderWay(): Promise<void> {
  await expect.poll(offset, { timeout: 10_000 }).toBeGreaterThan(0)
}

/** Nothing is there of the upload: no model, no progress; and no bytes of it count, so that the whole finds room. */
async function expectNothingLeft(): Promise<void> {
  const status = async (): Promise<number> => (await alice.fetch(PATH, { method: 'HEAD' })).status
  await expect.poll(status, { timeout: 10_000 }).toBe(404)
  expect(await alice.models.list()).toEqual([])
}

async function expectUploadable(): Promise<void> {
  expect(await alice.models.upload(SQUEEZENET)).toMatchObject({ sha256: SHA256, bytes: byteLength })
  await alice.models.delete(SHA256)
}

/** Ways to send half a model, and then to go away. */
const WAYS: Readonly<Record<string, () => Promise<void>>> = {
  async 'http/1.1'() {
    const socket = await provedSocket(served)
    socket.write(headOf(served, 'PUT', PATH, { 'content-length': byteLength }))
    socket.write(HALF)
    await expectUnderWay()
    socket.destroy()
  },
  async 'http/1.1, in chunks'() {
    const socket = await provedSocket(served)
    socket.write(headOf(served, 'PUT', PATH, { 'transfer-encoding': 'chunked' }))
    socket.write(`${byteLength.toString(16)}\r\n`)
    socket.write(HALF)
    await expectUnderWay()
    socket.destroy()
  },
  async 'h2, whose connection ends'() {
    const { session } = await uploadOverH2()
    session.destroy()
  },
  async 'h2, whose stream ends'() {
    const { session, stream } = await uploadOverH2()
    stream.close()
    await new Promise((resolve) => stream.once('close', resolve))
    session.destroy()
  },
  async 'Oblivious HTTP'() {
    const authorization = `Bearer ${served.key('alice')}`
    const operation = crypto.randomUUID()
    const request = {
      method: 'PUT',
      scheme: 'https',
      authority: OHTTP_AUTHORITY,
      path: PATH,
      headers: Object.entries({ authorization, 'blindai-operation-id': operation }),
      body: new Uint8Array(SQUEEZENET),
    } as const
    const sealed = await encapsulateStream(configsOf(alice), request, { now: now() })
    const whole = await collectBody(sealed.body, 4 * MIB)
    const socket = plainSocket(served)
    const fields = { 'content-type': sealed.contentType, 'content-length': whole.byteLength }
    socket.write(headOf(served, 'POST', OHTTP, fields))
    socket.write(whole.subarray(0, whole.byteLength >> 1))
    await expectUnderWay()
    socket.destroy()
  },
}

async function uploadOverH2() {
  const session = await provedSession(served)
  session.on('error', () => undefined)
  const headers = { authorization: `Bearer ${served.key('alice')}`, 'content-length': byteLength }
  const stream = session.request({ ':method': 'PUT', ':path': PATH, ...headers })
  stream.on('error', () => undefined)
  stream.write(HALF)
  await expectUnderWay()
  return { session, stream }
}

describe('while another client is served, an upload that breaks off', () => {
  test.each(Object.entries(WAYS))(
    'leaves nothing, and can be made again: over %s',
    { timeout: TIMEOUT_MS },
    async (_, send) => {
      await whileServing(bob, async () => {
        // Three halves would be more than the tenant may store.
        for (let n = 0; n < 3; n++) {
          await send()
          await expectNothingLeft()
        }
        await expectUploadable()
      })
    },
  )

  test('because its client gives it up leaves nothing, and can be made again', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const controller = new AbortController()
      const onProgress = ({ phase }: { readonly phase: string }): void => {
        if (phase === 'sending') controller.abort(new Error('given up'))
      }
      const options = { partBytes: MIB, signal: controller.signal, onProgress }
      await expect(alice.models.upload(SQUEEZENET, options)).rejects.toThrow('given up')
      // Parts stay until they are taken up again or forgotten; a whole upload takes their place.
      expect(await offset()).toBe(MIB)
      await expectUploadable()
    })
  })

  test('and came in parts keeps what arrived, and goes on from there', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const socket = await provedSocket(served)
      const fields = { 'upload-offset': 0, 'upload-length': byteLength, 'content-length': byteLength }
      socket.write(headOf(served, 'PUT', PATH, fields))
      socket.write(SQUEEZENET.subarray(0, MIB))
      await expect.poll(offset, { timeout: 10_000 }).toBe(MIB)
      socket.destroy()
      expect(await alice.models.list()).toEqual([])
      const held: number[] = []
      await alice.models.upload(SQUEEZENET, {
        partBytes: MIB,
        onProgress({ phase, sentBytes }) {
          if (phase === 'sending') held.push(sentBytes)
        },
      })
      expect(held).toEqual([2 * MIB, byteLength])
      await alice.models.delete(SHA256)
    })
  })
})
