import { fromUtf8, utf8 } from '@blindai/core'
import { parseInferRequest } from '@blindai/protocol'
import { parsePolicy } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, type InnerApi, type InnerRequest, mockAuthority, policyFor } from './enclave.node.ts'
import { honest, listenPlain, listenTls } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const SPAM = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const SECRET = 'only for the model that the policy names'

/** A server that calls `theirs` another model, and keeps every request that it gets. */
async function serve(transport: 'tls' | 'ohttp', ran: string): Promise<{ session: Session; seen: InnerRequest[] }> {
  const seen: InnerRequest[] = []
  const json = (value: object) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: utf8(JSON.stringify(value)),
  })
  const api: InnerApi = (request) => {
    seen.push(request)
    if (request.method === 'GET') return json({ sha256: OTHER, kind: 'bundle', task: 'text-classification', bytes: 1 })
    if (request.path.startsWith('/v1/tasks')) {
      return json({ task: 'text-classification', model: ran, outputs: [[{ label: 'ham', score: 1 }]] })
    }
    const { inputs } = parseInferRequest(request.body, undefined)
    return json({ model_name: request.path, model_version: '1', outputs: [], id: String(inputs.length) })
  }
  const enclave = await createEnclave({ authority, api })
  const server = kept(
    transport === 'tls' ? await listenTls(enclave.certificate, honest(enclave)) : await listenPlain(honest(enclave)),
  )
  const policy = parsePolicy({ ...JSON.parse(POLICY_TEXT), models: [{ name: 'spam', sha256: SPAM }] })
  return { session: kept(await connect({ url: server.url, policy, transport })), seen }
}

/** What `policyFor` accepts, as it is written. */
const { simulated } = policyFor(authority)
const POLICY_TEXT = JSON.stringify({
  version: 1,
  name: 'one model',
  trustClasses: ['simulated'],
  simulated: { rootSha256: simulated?.rootSha256, measurements: simulated?.measurements },
})

describe.each(['tls', 'ohttp'] as const)('a policy that names one model, over %s', (transport) => {
  test('runs it by its digest, whatever the server calls so', async () => {
    const { session, seen } = await serve(transport, SPAM)
    const { outputs } = await session.run('spam', SECRET, { task: 'text-classification' })
    expect(outputs).toEqual([[{ label: 'ham', score: 1 }]])
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/tasks/text-classification'])
    expect(fromUtf8('body', seen[0]?.body ?? new Uint8Array())).toContain(SPAM)
  })
  test.each(['theirs', OTHER])('sends nothing of the input to another: %s', async (model) => {
    const { session, seen } = await serve(transport, SPAM)
    const refused = { code: 'MODEL_NOT_ALLOWED', details: { model, sha256: OTHER } }
    await expect(session.run(model, SECRET, { task: 'text-classification' })).rejects.toMatchObject(refused)
    const tensor = { name: 'x', datatype: 'BYTES', shape: [1], data: [utf8(SECRET)] } as const
    await expect(session.infer(model, [tensor])).rejects.toMatchObject(refused)
    expect(seen.map(({ method }) => method)).toEqual(model === OTHER ? [] : ['GET', 'GET'])
    for (const { path, body } of seen) expect(`${path} ${fromUtf8('body', body)}`).not.toContain(SECRET)
  })
  test('does not take the answer of another', async () => {
    const { session } = await serve(transport, OTHER)
    await expect(session.run('spam', SECRET, { task: 'text-classification' })).rejects.toMatchObject({
      code: 'RESPONSE_MALFORMED',
    })
  })
})
