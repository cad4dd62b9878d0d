import { readdirSync, readFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { parseServerConfig } from '../src/config.ts'
import { defaultLimits } from '../src/config-limits.ts'
import { startServer } from '../src/gatekeeper.ts'
import { hashApiKey } from '../src/tenants/index.ts'
import { digestOf, ECHO_SOURCE, KEYS } from './fixtures/house.ts'
import { ask1, socketTo, type WireAnswer } from './fixtures/listening.ts'
import { DOUBLES, ENDLESS, SQUARES } from './fixtures/tiny-models.ts'

const DEADLINE_MS = 4000

const server = await startServer(
  parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      tenants: [
        { name: 'alice', role: 'owner', keySha256: hashApiKey(KEYS.alice) },
        { name: 'bob', role: 'owner', keySha256: hashApiKey(KEYS.bob) },
      ],
      isolation: 'none',
      unattestedClients: true,
      limits: { cores: Math.max(2, defaultLimits().cores), requestDeadlineMs: DEADLINE_MS },
    }),
  ),
  {
    evidence: ECHO_SOURCE,
    software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
    log: () => undefined,
  },
)
const sockets: TLSSocket[] = []
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await server.close()
})

async function ask(
  as: 'alice' | 'bob',
  method: string,
  path: string,
  body: Uint8Array | string = '',
): Promise<WireAnswer> {
  const socket = await socketTo({ port: Number(new URL(server.url).port) })
  sockets.push(socket)
  return ask1(socket, method, path, { authorization: `Bearer ${KEYS[as]}` }, body)
}

function upload(as: 'alice' | 'bob', model: Uint8Array, name: string): Promise<WireAnswer> {
  return ask(as, 'PUT', `/v1/models/${digestOf(model)}?name=${name}`, model)
}

function infer(as: 'alice' | 'bob', name: string, ...inputs: object[]): Promise<WireAnswer> {
  return ask(as, 'POST', `/v2/models/${name}/infer`, JSON.stringify({ inputs }))
}

const X = { name: 'x', datatype: 'FP32', shape: [3], data: [1, -2.5, 4] }
const GO = { name: 'go', datatype: 'BOOL', shape: [], data: [true] }
const STOP = { ...GO, data: [false] }
const N = { name: 'n', datatype: 'FP32', shape: [], data: [7] }

/** The engines' pids: the processes below this one, found without the engines' help. */
function enginePids(): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1')
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && parent > 1 && (parent === process.pid || isBelow(parent))
  }
  return [...parents.keys()].filter((pid) => isBelow(pid))
}

describe('a real model', () => {
  test('goes up, is described, computes, and is gone when deleted', async () => {
    expect(await upload('alice', DOUBLES, 'doubles')).toMatchObject({ status: 201 })
    const { text } = await ask('alice', 'GET', '/v2/models/doubles')
    expect(JSON.parse(text)).toMatchObject({ inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }] })
    expect(JSON.parse((await infer('alice', 'doubles', X)).text)).toMatchObject({
      outputs: [{ name: 'y', datatype: 'FP32', shape: [3], data: [2, -5, 8] }],
    })
    expect(await ask('alice', 'DELETE', '/v1/models/doubles')).toMatchObject({ status: 204 })
    expect(await infer('alice', 'doubles', X)).toMatchObject({ status: 404 })
  })

  test('that is no model is refused by name', async () => {
    for (const bytes of [Buffer.from('no model at all'), DOUBLES.subarray(0, 40)]) {
      const { status, headers } = await upload('alice', bytes, 'nothing')
      expect(status).toBe(422)
      expect(headers['x-blindai-error']).toMatch(/^MODEL_(REFUSED|INVALID)$/)
    }
  })

  test('is told apart from a wrong input', async () => {
    await upload('alice', SQUARES, 'squares')
    expect(await infer('alice', 'squares', { ...X, datatype: 'INT64', data: [1, 2, 3] })).toMatchObject({
      status: 400,
      headers: { 'x-blindai-error': 'INPUT_INVALID' },
    })
    expect(await infer('alice', 'squares', X)).toMatchObject({ status: 200 })
  })
})

describe('a model that never ends', () => {
  test('is killed at its deadline, while another tenant is served', async () => {
    await upload('bob', DOUBLES, 'doubles')
    await infer('bob', 'doubles', X)
    expect(await upload('alice', ENDLESS, 'endless')).toMatchObject({ status: 201 })
    expect(await infer('alice', 'endless', STOP, N)).toMatchObject({ status: 200 })
    let isOver = false
    const endless = infer('alice', 'endless', GO, N).finally(() => {
      isOver = true
    })
    for (let i = 0; i < 3; i++) expect(await infer('bob', 'doubles', X)).toMatchObject({ status: 200 })
    expect(isOver).toBe(false)
    expect(await endless).toMatchObject({ status: 504, headers: { 'x-blindai-error': 'DEADLINE_EXCEEDED' } })
    expect(await infer('alice', 'endless', STOP, N)).toMatchObject({ status: 200 })
  })
})

describe('engines killed from outside', () => {
  test('fail the request that they ran by name, and the server serves on', async () => {
    await upload('alice', ENDLESS, 'endless')
    await infer('alice', 'endless', STOP, N)
    let isOver = false
    const endless = infer('alice', 'endless', GO, N).finally(() => {
      isOver = true
    })
    // Whether its engine starts or runs: sooner or later one of these hits it.
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      for (const pid of enginePids()) process.kill(pid, 'SIGKILL')
    }
    expect(await endless).toMatchObject({ status: 500, headers: { 'x-blindai-error': 'ENGINE_CRASHED' } })
    expect(await infer('alice', 'endless', STOP, N)).toMatchObject({ status: 200 })
    expect(await infer('bob', 'doubles', X)).toMatchObject({ status: 200 })
  })
})
