import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keeper } from '../../packages/client/test/cleanup.ts'
import { ask1, ask2, openSession, openSocket, provedSession, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'

let served: Served
const kept = keeper()

beforeAll(async () => {
  served = await serve({ tenants: { alice: 'owner', root: 'admin' } })
})
afterAll(() => served?.close())

const NONE = 'ab'.repeat(32)
/** One request to each route that needs a key. */
const API = [
  ['GET', '/v2'],
  ['GET', '/v2/models/m'],
  ['GET', '/v2/models/m/ready'],
  ['POST', '/v2/models/m/infer'],
  ['GET', '/v2/models/m/versions/1'],
  ['POST', '/v2/models/m/versions/1/infer'],
  ['POST', '/v1/tasks/text-classification'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/m'],
  ['HEAD', `/v1/models/${NONE}`],
  ['PUT', `/v1/models/${NONE}`],
  ['DELETE', '/v1/models/m'],
  ['PUT', '/v1/models/m/grants/bob'],
  ['DELETE', '/v1/models/m/grants/bob'],
  ['DELETE', `/v1/quarantine/${NONE}`],
] as const

const NOT_PROVED = { status: 403, headers: { 'x-blindai-error': 'CHANNEL_NOT_PROVED' } }

function authorization(tenant = 'root'): { readonly authorization: string } {
  return { authorization: `Bearer ${served.key(tenant)}` }
}

describe('a second connection to a server that has proved itself over the first', () => {
  test.each(API)('is closed to %s %s until it is proved itself', async (method, path) => {
    const first = await provedSocket(served)
    const second = await openSocket(served)
    kept({ close: async () => void [first, second].map((socket) => socket.destroy()) })
    expect((await ask1(first, method, path, authorization())).headers['x-blindai-error']).not.toBe('CHANNEL_NOT_PROVED')
    expect(await ask1(second, method, path, authorization())).toMatchObject(NOT_PROVED)
    expect((await ask1(first, method, path, authorization())).status).not.toBe(403)
  })

  test('is closed over h2, too, whatever the first is', async () => {
    const [proved, overOne, overTwo] = [
      await provedSession(served),
      await openSocket(served),
      await openSession(served),
    ]
    kept({ close: async () => void [proved, overOne, overTwo].map((connection) => connection.destroy()) })
    expect(await ask2(proved, 'GET', '/v2', authorization('alice'))).toMatchObject({ status: 200 })
    expect(await ask2(overTwo, 'GET', '/v2', authorization('alice'))).toMatchObject(NOT_PROVED)
    expect(await ask1(overOne, 'GET', '/v2', authorization('alice'))).toMatchObject(NOT_PROVED)
  })

  test('is refused before it is asked whose key it shows, so that no key can be tried on it', async () => {
    const socket = await openSocket(served)
    kept({ close: async () => void socket.destroy() })
    for (const headers of [authorization('alice'), { authorization: 'Bearer of-nobody' }, {}]) {
      expect(await ask1(socket, 'GET', '/v2', headers)).toMatchObject(NOT_PROVED)
    }
  })

  test('has the document and health, which anybody may have', async () => {
    const socket = await openSocket(served)
    kept({ close: async () => void socket.destroy() })
    for (const path of ['/.well-known/blindai/attestation', '/v2/health/live', '/v2/health/ready']) {
      expect(await ask1(socket, 'GET', path)).toMatchObject({ status: 200 })
    }
  })
})
