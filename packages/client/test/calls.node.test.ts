import { describe, expect, test } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, type InnerApi, mockAuthority, policyFor } from './enclave.node.ts'
import { honest, type Listening, listenPlain, listenTls } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)

/** A body whose second piece never comes. */
const endless: InnerApi = () => ({
  status: 200,
  headers: {},
  body: (async function* () {
    yield new Uint8Array(64 * 1024)
    await new Promise(() => undefined)
  })(),
})

const silent: InnerApi = () => new Promise(() => undefined)

async function serve(transport: 'tls' | 'ohttp', api: InnerApi): Promise<{ server: Listening; session: Session }> {
  const enclave = await createEnclave({ authority, api })
  const route = honest(enclave)
  const server = kept(transport === 'tls' ? await listenTls(enclave.certificate, route) : await listenPlain(route))
  return { server, session: kept(await connect({ url: server.url, policy, transport })) }
}

/** Waits until the server has the request. */
async function arrived(server: Listening, requests: number): Promise<void> {
  while (server.log.length < requests) await new Promise((later) => setTimeout(later, 1))
}

describe.each(['tls', 'ohttp'] as const)('a call over %s', (transport) => {
  const before = transport === 'tls' ? 2 : 1

  test('that is aborted while its answer streams ends in the reason of its signal', async () => {
    const { session } = await serve(transport, endless)
    const abort = new AbortController()
    const response = await session.fetch('/v2/x', { signal: abort.signal })
    const reader = response.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    const rest = (async () => {
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read());
    })()
    abort.abort(new Error('enough'))
    await expect(rest).rejects.toThrow('enough')
  })

  test('that is in flight when the session is closed fails, and is not sent again', async () => {
    const { server, session } = await serve(transport, silent)
    const call = session.models.list()
    await arrived(server, before + 1)
    await session.close()
    await expect(call).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
    expect(server.log).toHaveLength(before + 1)
  })

  test('gives its place to the next one when the reader of its answer stops', async () => {
    const { session } = await serve(transport, endless)
    for (let call = 0; call < 20; call++) await (await session.fetch('/v2/x')).body?.cancel()
  })

  test('with a header that the channel sets itself is refused before anything is sent', async () => {
    const { server, session } = await serve(transport, silent)
    const headers = { date: 'Mon, 23 Nov 2026 00:00:00 GMT' }
    await expect(session.fetch('/v2/x', { headers })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      details: { option: 'the header date' },
    })
    expect(server.log).toHaveLength(before)
  })

  test('to another host is refused before anything is sent', async () => {
    const { server, session } = await serve(transport, silent)
    await expect(session.fetch('//elsewhere.example/v2')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(server.log).toHaveLength(before)
  })
})
