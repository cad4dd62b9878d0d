import type { JsonObject } from '@blindai/core'
import { createMockAuthority, type MockAuthority } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import {
  type ConnectOptions,
  connect,
  type EvaluationMemory,
  processEvaluationMemory,
  type SeenEvaluation,
  type Session,
} from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, mockAuthority, now, policyFor } from './enclave.node.ts'
import { honest, type Listening, listenPlain, listenTls } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
/** What a mock authority's endorsements count. */
const NUMBER = 21

/** The same root and keys, and endorsements of another number. */
function counting(tcbEvaluationDataNumber: number): MockAuthority {
  const change = (document: JsonObject): JsonObject => ({ ...document, tcbEvaluationDataNumber })
  return createMockAuthority({
    now: now(),
    keys: authority.keys,
    rootCertificate: authority.certificates.root,
    changes: { tcbInfo: change, qeIdentity: change },
  })
}

type Transport = 'tls' | 'ohttp'

/** An enclave of an authority, at a port where perhaps another one was before. */
async function serve(maker: MockAuthority, transport: Transport, port = 0): Promise<Listening> {
  const enclave = await createEnclave({ authority: maker })
  return kept(
    transport === 'tls'
      ? await listenTls(enclave.certificate, honest(enclave), { port })
      : await listenPlain(honest(enclave), port),
  )
}

/** The enclave of one authority gives way to that of another, at the same address. */
async function replace(server: Listening, maker: MockAuthority, transport: Transport): Promise<Listening> {
  await server.close()
  return serve(maker, transport, server.port)
}

async function session(server: Listening, more: Partial<ConnectOptions> = {}): Promise<Session> {
  return kept(await connect({ url: server.url, policy: policyFor(authority), ...more }))
}

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it was accepted')
}

const ROLLED_BACK = {
  family: 'stop',
  code: 'EVIDENCE_REFUSED',
  details: { status: 'contraindicated', check: 'policy.tcb-evaluation-number', reason: 'TCB_EVALUATION_ROLLED_BACK' },
}

/** A memory whose every use is written down. */
function noting(): EvaluationMemory & { readonly kept: SeenEvaluation[] } {
  const inner = processEvaluationMemory()
  const seen: SeenEvaluation[] = []
  return {
    kept: seen,
    recall: inner.recall,
    remember: async (server, one) => {
      seen.push(one)
      await inner.remember(server, one)
    },
  }
}

describe.each(['tls', 'ohttp'] as const)('over %s, a server', (transport) => {
  test('that goes back to older endorsements is refused, and is taken again once they are as new', async () => {
    const evaluationMemory = noting()
    const first = await serve(authority, transport)
    await session(first, { evaluationMemory })
    expect(evaluationMemory.kept).toEqual([{ rootSha256: authority.rootSha256, tee: 'tdx', number: NUMBER }])

    const older = await replace(first, counting(NUMBER - 1), transport)
    const error = await refusal(session(older, { evaluationMemory }))
    expect(error).toMatchObject(ROLLED_BACK)
    expect(error).toMatchObject({ report: { status: 'contraindicated' } })
    expect(evaluationMemory.kept).toHaveLength(1)

    const newer = await replace(older, counting(NUMBER + 1), transport)
    await session(newer, { evaluationMemory })
    expect(evaluationMemory.kept.at(-1)).toMatchObject({ number: NUMBER + 1 })
    const same = await replace(newer, authority, transport)
    expect(await refusal(session(same, { evaluationMemory }))).toMatchObject(ROLLED_BACK)
  })

  test('is held by default to what the process has seen', async () => {
    const first = await serve(authority, transport)
    await session(first)
    const older = await replace(first, counting(NUMBER - 1), transport)
    expect(await refusal(session(older))).toMatchObject(ROLLED_BACK)
  })

  test('is held to it within a session too, when its keys change', async () => {
    const first = await serve(authority, transport)
    const client = await session(first, { evaluationMemory: processEvaluationMemory() })
    expect((await client.fetch('/v2/x')).status).toBe(200)
    await replace(first, counting(NUMBER - 1), transport)
    expect(await refusal(client.fetch('/v2/x'))).toMatchObject(ROLLED_BACK)
    expect(await refusal(client.fetch('/v2/x')), 'and stays refused').toMatchObject(ROLLED_BACK)
  })
})

describe('what is remembered of a server', () => {
  test('is not poisoned by another root, however high its numbers', async () => {
    const evaluationMemory = processEvaluationMemory()
    const other = createMockAuthority({
      now: now(),
      changes: { tcbInfo: high, qeIdentity: high },
    })
    const hostile = await serve(other, 'ohttp')
    await session(hostile, { evaluationMemory, policy: policyFor(other) })
    expect(await evaluationMemory.recall(`${hostile.url}/`)).toEqual([
      { rootSha256: other.rootSha256, tee: 'tdx', number: 4_000_000_000 },
    ])
    const honestServer = await replace(hostile, authority, 'ohttp')
    expect((await session(honestServer, { evaluationMemory })).result.status).toBe('affirming')
  })

  test('is not poisoned by a number that the root did not sign', async () => {
    const evaluationMemory = noting()
    const forger = createMockAuthority({ now: now(), changes: { tcbInfo: high, qeIdentity: high } })
    const { tcbInfo, qeIdentity } = forger.endorsements
    const server = await serve(
      {
        ...authority,
        source: (options) => ({
          ...authority.source(options),
          endorsements: async () => ({ ...authority.endorsements, tcbInfo, qeIdentity }),
        }),
      },
      'ohttp',
    )
    expect(await refusal(session(server, { evaluationMemory }))).toMatchObject({
      details: { reason: 'TCB_INFO_SIGNATURE_INVALID' },
    })
    expect(evaluationMemory.kept).toEqual([])
  })

  test('is not changed by a result that the policy refuses', async () => {
    const evaluationMemory = noting()
    const server = await serve(counting(9999), 'ohttp')
    const policy = {
      version: 1,
      name: 'no release is known',
      simulated: { rootSha256: [authority.rootSha256], measurements: [] },
    }
    expect(await refusal(session(server, { evaluationMemory, policy }))).toMatchObject({
      details: { reason: 'MEASUREMENT_NOT_CHECKED' },
    })
    expect(evaluationMemory.kept).toEqual([])
  })

  test('is not changed by a connection that cannot prove where it ends', async () => {
    const evaluationMemory = noting()
    const enclave = await createEnclave({ authority: counting(9999) })
    const liar = { ...enclave, prove: async () => ({ statementSha256: '00'.repeat(32), signature: 'AA' }) }
    const server = kept(await listenTls(enclave.certificate, honest(liar)))
    expect(await refusal(session(server, { evaluationMemory }))).toMatchObject({ code: 'CHANNEL_PROOF_FAILED' })
    expect(evaluationMemory.kept).toEqual([])
  })

  test('is of one address: another server is not held to it', async () => {
    const evaluationMemory = processEvaluationMemory()
    await session(await serve(counting(NUMBER + 1), 'ohttp'), { evaluationMemory })
    expect((await session(await serve(authority, 'ohttp'), { evaluationMemory })).result.status).toBe('affirming')
  })

  test('is asked first: where it cannot be read, the server hears nothing', async () => {
    const server = await serve(authority, 'tls')
    const evaluationMemory: EvaluationMemory = {
      recall: () => Promise.reject(new Error('the disk is gone')),
      remember: () => Promise.reject(new Error('not reached')),
    }
    expect(await refusal(session(server, { evaluationMemory }))).toEqual(new Error('the disk is gone'))
    expect(server.connections()).toBe(0)
  })

  test('ends the connection when it cannot be kept', async () => {
    const server = await serve(authority, 'ohttp')
    const evaluationMemory: EvaluationMemory = {
      recall: async () => [],
      remember: () => Promise.reject(new Error('the disk is full')),
    }
    expect(await refusal(session(server, { evaluationMemory }))).toEqual(new Error('the disk is full'))
  })
})

function high(document: JsonObject): JsonObject {
  return { ...document, tcbEvaluationDataNumber: 4_000_000_000 }
}
