import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { parseServerConfig } from '../src/config.ts'
import { type RunningServer, startServer } from '../src/gatekeeper.ts'
import { Counter, Histogram } from '../src/metrics/exposition.ts'
import { FakeEngines, TENSOR } from './fixtures/fake-engines.ts'
import { callRaw, frame, inferFrame } from './fixtures/grpc.ts'
import { digestOf, ECHO_SOURCE } from './fixtures/house.ts'
import { ask1, sessionTo, socketTo } from './fixtures/listening.ts'

const running: RunningServer[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

async function serving(tenant: string, key: string, engines = new FakeEngines()): Promise<RunningServer> {
  const keySha256 = createHash('sha256').update(key).digest('hex')
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    metricsListen: { port: 0 },
    tenants: [{ name: tenant, role: 'owner', keySha256 }],
    isolation: 'none',
    unattestedClients: true,
  }
  const server = await startServer(parseServerConfig(JSON.stringify(config)), {
    evidence: ECHO_SOURCE,
    software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
    log: () => undefined,
    engines: { isolation: 'none', missing: [], start: engines.start },
    readMemory: () => 1024,
  })
  running.push(server)
  return server
}

async function scraped({ metricsUrl }: RunningServer): Promise<Map<string, number>> {
  const answer = await fetch(`${metricsUrl}/metrics`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(await answer.text())
}

/**
 * The series by name and labels. Strict: each family has help, then its type, then all of its samples and nothing else.
 *
 * Source: Prometheus, "Exposition formats", text-based format.
 */
function parseExposition(text: string): Map<string, number> {
  expect(text.endsWith('\n')).toBe(true)
  const series = new Map<string, number>()
  const families = new Set<string>()
  let family = ''
  let type = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_]+) [ -~]+$/.exec(line)
    const typed = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line)
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*",?)+\})? (\d+(?:\.\d+)?(?:e-?\d+)?)$/.exec(line)
    if (help?.[1] !== undefined) {
      family = help[1]
      expect(families.has(family)).toBe(false)
      families.add(family)
      type = ''
    } else if (typed !== null) {
      expect([typed[1], type]).toEqual([family, ''])
      type = typed[2] ?? ''
      expect(type === 'counter').toBe(family.endsWith('_total'))
    } else {
      expect(sample, line).not.toBeNull()
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      expect(suffixes.map((suffix) => family + suffix)).toContain(sample?.[1])
      const name = `${sample?.[1]}${sample?.[2] ?? ''}`
      expect(series.has(name)).toBe(false)
      series.set(name, Number(sample?.[3]))
    }
  }
  return series
}

const BODY = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'

/** Uploads, runs, fails and gets lost, all under names of one's own. */
async function use(server: RunningServer, key: string, model: Uint8Array, name: string): Promise<void> {
  const authorization = { authorization: `Bearer ${key}` }
  const socket = await socketTo({ port: Number(new URL(server.url).port) })
  await ask1(socket, 'PUT', `/v1/models/${digestOf(model)}?name=${name}`, authorization, model)
  await ask1(socket, 'POST', `/v2/models/${name}/infer`, authorization, BODY)
  await ask1(socket, 'POST', `/v2/models/${name}-missing/infer`, authorization, BODY)
  await ask1(socket, 'GET', `/${name}`, authorization)
  await ask1(socket, 'PROPFIND', `/v1/models/${name}`, authorization)
  socket.destroy()
}

describe('the metrics of a server', () => {
  test('count requests, uploads, refusals, engines and bytes', async () => {
    const engines = new FakeEngines()
    engines.onRun = (run) => run.answer()
    const server = await serving('clinic', 'key-of-clinic', engines)
    await use(server, 'key-of-clinic', new Uint8Array([1]), 'x-ray')
    const series = await scraped(server)
    const infer = 'method="POST",route="/v2/models/{model}/infer"'
    expect(Object.fromEntries(series)).toMatchObject({
      [`blindai_requests_total{${infer},status="2xx"}`]: 1,
      [`blindai_requests_total{${infer},status="4xx"}`]: 1,
      'blindai_requests_total{method="other",route="none",status="4xx"}': 2,
      [`blindai_request_seconds_count{${infer}}`]: 2,
      [`blindai_request_seconds_bucket{${infer},le="+Inf"}`]: 2,
      'blindai_refusals_total{code="MODEL_NOT_FOUND"}': 1,
      'blindai_refusals_total{code="NOT_FOUND"}': 1,
      'blindai_uploads_total{outcome="created"}': 1,
      'blindai_engine_starts_total{outcome="started"}': 1,
      blindai_queue_length: 0,
      blindai_ready: 1,
      blindai_memory_level: 0,
      blindai_evidence_age_seconds: expect.any(Number),
    })
    expect(series.get('blindai_network_bytes_total{listener="tls",direction="received"}')).toBeGreaterThan(500)
    expect(series.get('blindai_network_bytes_total{listener="tls",direction="sent"}')).toBeGreaterThan(500)
    expect(series.get('blindai_network_bytes_total{listener="plain",direction="sent"}')).toBe(0)
    const alive = ['starting', 'idle', 'busy', 'stopping'].map((state) =>
      series.get(`blindai_engines{state="${state}"}`),
    )
    expect(alive.reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0)).toBe(engines.living.length)
  })

  test('count a gRPC call by how it ended, which its trailers say', async () => {
    const server = await serving('clinic', 'key-of-clinic')
    const session = await sessionTo({ port: Number(new URL(server.url).port) })
    const message = inferFrame('missing', [{ ...TENSOR, name: 'x' }])
    const { trailers } = await callRaw(session, 'ModelInfer', message, { authorization: 'Bearer key-of-clinic' })
    expect(trailers).toMatchObject({ 'x-blindai-error': 'MODEL_NOT_FOUND' })
    session.destroy()
    const series = await scraped(server)
    const infer = 'method="POST",route="/inference.GRPCInferenceService/ModelInfer"'
    expect(series.get(`blindai_requests_total{${infer},status="4xx"}`)).toBe(1)
    expect(series.get(`blindai_requests_total{${infer},status="2xx"}`)).toBe(0)
  })

  test('count a gRPC stream by how it ended, when it is at its end, and what was refused in it', async () => {
    const server = await serving('clinic', 'key-of-clinic')
    const session = await sessionTo({ port: Number(new URL(server.url).port) })
    const missing = inferFrame('missing', [{ ...TENSOR, name: 'x' }])
    const clinic = { authorization: 'Bearer key-of-clinic' }
    const well = await callRaw(session, 'ModelStreamInfer', missing, clinic)
    expect(well.trailers).toMatchObject({ 'grpc-status': '0' })
    const messages = Buffer.concat([missing, frame(new Uint8Array(), { flag: 7 })])
    const badly = await callRaw(session, 'ModelStreamInfer', messages, clinic)
    expect(badly.trailers).toMatchObject({ 'x-blindai-error': 'GRPC_MESSAGE_INVALID' })
    const stream = 'method="POST",route="/inference.GRPCInferenceService/ModelStreamInfer"'
    const counted = async (): Promise<unknown> => Object.fromEntries(await scraped(server))
    await expect.poll(counted).toMatchObject({
      [`blindai_requests_total{${stream},status="2xx"}`]: 1,
      [`blindai_requests_total{${stream},status="4xx"}`]: 1,
      [`blindai_request_seconds_count{${stream}}`]: 2,
      'blindai_refusals_total{code="MODEL_NOT_FOUND"}': 2,
      'blindai_refusals_total{code="GRPC_MESSAGE_INVALID"}': 1,
    })
    session.destroy()
  })

  test('have the same series whoever asked for whatever, and no name of anybody in them', async () => {
    const quiet = await serving('a', 'key-of-a')
    const engines = new FakeEngines()
    engines.onRun = (run) => run.engine.die()
    const busy = await serving('canary-tenant', 'canary-key', engines)
    await use(busy, 'canary-key', Buffer.from('canary-weights'), 'canary-model')
    const [one, other] = [await scraped(quiet), await scraped(busy)]
    expect([...other.keys()]).toEqual([...one.keys()])
    expect([...other.keys()].join('\n')).not.toMatch(/canary|"a"/)
    expect(other.get('blindai_refusals_total{code="ENGINE_CRASHED"}')).toBe(1)
  })

  test('are on their own listener, alone', async () => {
    const server = await serving('a', 'key-of-a')
    expect(new URL(server.metricsUrl ?? '').hostname).toBe('127.0.0.1')
    expect((await fetch(`${server.metricsUrl}/v2/health/live`)).status).toBe(404)
    expect((await fetch(`${server.metricsUrl}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405)
    expect((await fetch(`${server.metricsUrl}/metrics`, { method: 'HEAD' })).status).toBe(200)
    const socket = await socketTo({ port: Number(new URL(server.url).port) })
    expect(await ask1(socket, 'GET', '/metrics')).toMatchObject({ status: 404 })
    socket.destroy()
  })
})

describe('a metric', () => {
  test('takes no series that was not declared, and no label that would need an escape', () => {
    const counter = new Counter('a_total', 'A.', [{ code: 'NOT_FOUND' }])
    expect(() => counter.add({ code: 'x' })).toThrow(RangeError)
    expect(() => new Counter('a_total', 'A.', [{ model: 'a"b' }])).toThrow(RangeError)
  })

  test('of a distribution counts a value in every bucket that it fits', () => {
    const histogram = new Histogram('a', 'A.', [1, 2])
    for (const value of [0.5, 1, 1.5, 3]) histogram.observe({}, value)
    expect(histogram.render().split('\n').slice(2)).toEqual([
      'a_bucket{le="1"} 2',
      'a_bucket{le="2"} 3',
      'a_bucket{le="+Inf"} 4',
      'a_sum 6',
      'a_count 4',
      '',
    ])
  })
})
