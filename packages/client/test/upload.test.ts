import { digest, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { ApiCall, EnclaveApi } from '../src/enclave-api.ts'
import { BlindAiError } from '../src/errors.ts'
import type { AnsweredBy } from '../src/http-exchange.ts'
import { Models } from '../src/models.ts'
import type { ReadResponse } from '../src/response.ts'
import type { ServerCode } from '../src/server-errors.ts'
import type { UploadProgress } from '../src/upload.ts'
import { affirmingResult } from './affirming-result.ts'

const PART = 64 * 1024
const BYTES = Uint8Array.from({ length: 3 * PART + 100 }, (_, i) => i * 7 + (i >> 8))

type Answer = (call: ApiCall) => ReadResponse | undefined

/** A server that keeps the parts of one model; `before` may answer, or fail, in its place. */
class FakeServer implements EnclaveApi {
  readonly calls: string[] = []
  readonly #before: Answer | undefined
  held: number
  sha256 = ''

  constructor(held = 0, before?: (server: FakeServer) => Answer) {
    this.held = held
    this.#before = before?.(this)
  }

  async call(call: ApiCall): Promise<ReadResponse & AnsweredBy> {
    return { ...this.#answer(call), result: affirmingResult({ notAfter: 0 }) }
  }

  #answer(call: ApiCall): ReadResponse {
    const offset = Number(call.headers?.find(([name]) => name === 'upload-offset')?.[1] ?? '0')
    this.calls.push(`${call.method} ${offset}`)
    this.sha256 = /^\/v1\/models\/([0-9a-f]{64})/.exec(call.path)?.[1] ?? ''
    const instead = this.#before?.(call)
    if (instead !== undefined) return instead
    if (call.method === 'HEAD') return this.offset(200)
    if (offset !== this.held && offset !== 0) throw refused('UPLOAD_OFFSET_MISMATCH', 409)
    this.held = offset + (call.body ?? []).reduce((sum, part) => sum + part.byteLength, 0)
    return this.held < BYTES.byteLength ? this.offset(202) : this.created()
  }

  open(): never {
    throw new Error('not used by uploads')
  }

  offset(status: number): ReadResponse {
    return { status, headers: new Headers({ 'upload-offset': String(this.held) }), body: new Uint8Array() }
  }

  created(): ReadResponse {
    const body = utf8(JSON.stringify({ sha256: this.sha256, name: null, kind: 'onnx', bytes: BYTES.byteLength }))
    return { status: 201, headers: new Headers(), body }
  }
}

function refused(code: ServerCode, status: number): BlindAiError {
  return new BlindAiError(code, { status, serverCode: code, sentence: 'x' }, { retryAfterMs: 0 })
}

async function upload(server: FakeServer): Promise<UploadProgress[]> {
  const progress: UploadProgress[] = []
  await new Models(server).upload(BYTES, { partBytes: PART, onProgress: (step) => progress.push(step) })
  return progress
}

describe('an upload', () => {
  test('goes in parts, each at the offset where the last one ended', async () => {
    const server = new FakeServer()
    const progress = await upload(server)
    expect(server.calls).toEqual(['HEAD 0', 'PUT 0', `PUT ${PART}`, `PUT ${2 * PART}`, `PUT ${3 * PART}`])
    expect(server.sha256).toBe(toHex(await digest('SHA-256', BYTES)))
    const total = BYTES.byteLength
    expect(progress).toEqual([
      { phase: 'digesting', sentBytes: total, totalBytes: total },
      { phase: 'sending', sentBytes: PART, totalBytes: total },
      { phase: 'sending', sentBytes: 2 * PART, totalBytes: total },
      { phase: 'sending', sentBytes: 3 * PART, totalBytes: total },
      { phase: 'sending', sentBytes: total, totalBytes: total },
      { phase: 'done', sentBytes: total, totalBytes: total },
    ])
  })

  test('of a small model goes in one request', async () => {
    const server = new FakeServer(0, (self) => () => self.created())
    await new Models(server).upload(BYTES.subarray(0, 100))
    expect(server.calls).toEqual(['PUT 0'])
  })

  test('goes on where the server says that an earlier one ended', async () => {
    const server = new FakeServer(2 * PART)
    await upload(server)
    expect(server.calls).toEqual(['HEAD 0', `PUT ${2 * PART}`, `PUT ${3 * PART}`])
  })

  test('sends an empty last part for a model that the server has whole', async () => {
    const server = new FakeServer(BYTES.byteLength)
    await upload(server)
    expect(server.calls).toEqual(['HEAD 0', `PUT ${BYTES.byteLength}`])
  })

  test('begins at the start when the server holds nothing', async () => {
    const server = new FakeServer(0, () => (call) => {
      if (call.method === 'HEAD') throw refused('MODEL_NOT_FOUND', 404)
      return undefined
    })
    await upload(server)
    expect(server.calls.slice(0, 2)).toEqual(['HEAD 0', 'PUT 0'])
  })

  test('asks where to go on after a lost connection, and never sends what arrived', async () => {
    let failures = 1
    const server = new FakeServer(0, () => (call) => {
      if (call.method === 'PUT' && server.held === PART && failures-- > 0) {
        server.held = 2 * PART
        throw new BlindAiError('CONNECTION_LOST', { what: 'a request' }, { retryAfterMs: 0 })
      }
      return undefined
    })
    await upload(server)
    expect(server.calls).toEqual(['HEAD 0', 'PUT 0', `PUT ${PART}`, 'HEAD 0', `PUT ${2 * PART}`, `PUT ${3 * PART}`])
  })

  test('gives up when nothing more arrives', async () => {
    const server = new FakeServer(PART, () => (call) => {
      if (call.method === 'PUT') throw new BlindAiError('CONNECTION_LOST', { what: 'a request' }, { retryAfterMs: 0 })
      return undefined
    })
    await expect(upload(server)).rejects.toMatchObject({
      family: 'retry',
      code: 'UPLOAD_STALLED',
      details: { offset: PART, attempts: 4 },
    })
  })

  test.each([
    ['MEMORY_LOW', 503],
    ['TENANT_RATE_LIMITED', 429],
    ['STORE_FAILED', 503],
    ['BODY_MEMORY_FULL', 503],
  ] as const)('goes on after %s, and gives up when it does not pass', async (code, status) => {
    let failures = 3
    const passing = new FakeServer(0, () => (call) => {
      if (call.method === 'PUT' && passing.held === PART && failures-- > 0) throw refused(code, status)
      return undefined
    })
    await upload(passing)
    const again = ['HEAD 0', `PUT ${PART}`]
    expect(passing.calls.slice(0, 9)).toEqual(['HEAD 0', 'PUT 0', `PUT ${PART}`, ...again, ...again, ...again])
    expect(passing.held).toBe(BYTES.byteLength)

    const staying = new FakeServer(PART, () => (call) => {
      if (call.method === 'PUT') throw refused(code, status)
      return undefined
    })
    await expect(upload(staying)).rejects.toMatchObject({ code: 'UPLOAD_STALLED', cause: { code } })
    expect(staying.calls).toHaveLength(8)
  })

  test('does not repeat a model that an engine refused', async () => {
    const server = new FakeServer(0, () => (call) => {
      if (call.method === 'PUT') throw refused('ENGINE_CRASHED', 500)
      return undefined
    })
    await expect(upload(server)).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
    expect(server.calls).toEqual(['HEAD 0', 'PUT 0'])
  })

  test('stops between parts when its signal is aborted', async () => {
    const abort = new AbortController()
    const server = new FakeServer(0, () => (call) => {
      call.signal?.throwIfAborted()
      if (server.held === PART) abort.abort(new Error('enough'))
      return undefined
    })
    const options = { partBytes: PART, signal: abort.signal }
    await expect(new Models(server).upload(BYTES, options)).rejects.toThrow('enough')
    expect(server.held).toBeLessThan(BYTES.byteLength)
  })

  test.each([
    ['an offset behind its own', '0'],
    ['an offset past the end', '9999999'],
    ['no offset', ''],
  ])('refuses a server that answers %s', async (_, offset) => {
    const server = new FakeServer(0, () => (call) => {
      if (call.method === 'HEAD' || server.held === 0) return undefined
      return { status: 202, headers: new Headers({ 'upload-offset': offset }), body: new Uint8Array() }
    })
    await expect(upload(server)).rejects.toMatchObject({ family: 'stop', code: 'RESPONSE_MALFORMED' })
  })

  test('is refused before anything is sent when the model is empty', async () => {
    const server = new FakeServer()
    await expect(new Models(server).upload(new Uint8Array())).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(server.calls).toEqual([])
  })
})
