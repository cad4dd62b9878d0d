import { afterAll, expect, test } from 'vitest'
import { parseServerConfig } from '../src/config.ts'
import { startServer } from '../src/gatekeeper.ts'
import { hashApiKey } from '../src/tenants/index.ts'
import { digestOf, ECHO_SOURCE, KEYS } from './fixtures/house.ts'
import { ask1, socketTo, type WireAnswer } from './fixtures/listening.ts'
import { DOUBLES } from './fixtures/tiny-models.ts'
import { KEEPING, rowModel } from './runtime/fixtures/row-models.ts'

const server = await startServer(
  parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'alice', role: 'owner', keySha256: hashApiKey(KEYS.alice) }],
      isolation: 'none',
      unattestedClients: true,
      limits: { cores: 1, maxEngines: 1, maxBatchElements: 4096 },
    }),
  ),
  {
    evidence: ECHO_SOURCE,
    software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
    log: () => undefined,
  },
)
afterAll(() => server.close())

async function ask(method: string, path: string, body: Uint8Array | string = ''): Promise<WireAnswer> {
  const socket = await socketTo({ port: Number(new URL(server.url).port) })
  try {
    return await ask1(socket, method, path, { authorization: `Bearer ${KEYS.alice}` }, body)
  } finally {
    socket.destroy()
  }
}

/** An engine has 0.6 s to compare rows, which a busy machine can let pass: then it is asked again. */
async function uploadProven(model: Uint8Array): Promise<void> {
  const path = `/v1/models/${digestOf(model)}`
  for (let attempt = 0; ; attempt++) {
    expect(await ask('PUT', `${path}?name=rows`, model)).toMatchObject({ status: 201 })
    const { text } = await ask('GET', path)
    if (attempt < 5 && text.includes('too-slow')) await ask('DELETE', path)
    else return expect(JSON.parse(text)).toMatchObject({ rows: { maxRows: expect.any(Number) } })
  }
}

/** The text of every number of an answer: different numbers have different texts. */
async function answerTo(seed: number): Promise<string> {
  const data = Array.from({ length: 4 }, (_, at) => Math.fround(Math.sin(1 + 4 * seed + at)))
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 4], data }]
  const { status, text } = await ask('POST', '/v2/models/rows/infer', JSON.stringify({ inputs }))
  expect(status).toBe(200)
  return text
}

async function counts(): Promise<{ readonly inferences: number; readonly executions: number }> {
  const { text } = await ask('GET', '/v2/models/rows/stats')
  const [, inferences, executions] = /"inference_count":(\d+),"execution_count":(\d+)/.exec(text) ?? []
  return { inferences: Number(inferences), executions: Number(executions) }
}

test('requests that come while their engine starts share runs, and have the answers that they have alone', async () => {
  const weights = KEEPING.find(([name]) => name === 'weights')?.[1] ?? { nodes: [] }
  await uploadProven(rowModel(weights))
  await ask('PUT', `/v1/models/${digestOf(DOUBLES)}?name=other`, DOUBLES)
  const seeds = [0, 1, 2, 3, 4, 5]
  const alone: string[] = []
  for (const seed of seeds) alone.push(await answerTo(seed))
  expect(new Set(alone).size).toBe(seeds.length)
  expect(await counts()).toEqual({ inferences: 6, executions: 6 })
  // The first batch is computed alone as well and counts so; after it a run is one execution.
  for (let round = 0; round < 20; round++) {
    const input = { name: 'x', datatype: 'FP32', shape: [1], data: [1] }
    // Takes the place of the only engine.
    expect(await ask('POST', '/v2/models/other/infer', JSON.stringify({ inputs: [input] }))).toMatchObject({
      status: 200,
    })
    expect(await Promise.all(seeds.map(answerTo))).toEqual(alone)
    const { inferences, executions } = await counts()
    expect(inferences).toBe(seeds.length * (round + 2))
    if (executions < inferences) return
  }
  expect.fail('no two requests shared a run')
}, 60_000)
