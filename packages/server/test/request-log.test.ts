import { afterEach, describe, expect, test } from 'vitest'
import { createLineLog } from '../src/gatekeeper-log.ts'
import { logAnswered } from '../src/gatekeeper-watch.ts'
import type { Answered } from '../src/http/dispatcher.ts'
import { LEGACY_ROUTES, type LegacyAnswered } from '../src/legacy/index.ts'
import { TENSOR } from './fixtures/fake-engines.ts'
import { callRaw, frame, GRPC_FIELDS, inferFrame } from './fixtures/grpc.ts'
import { buildHouse } from './fixtures/house.ts'
import { openHouse, sessionTo } from './fixtures/listening.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const INFER = inferFrame('m', [{ ...TENSOR, name: 'x' }])

/** What is written of a request. */
function lineOf(answered: Answered | LegacyAnswered | undefined): Record<string, unknown> {
  const lines: string[] = []
  const log = createLineLog(
    (line) => lines.push(line),
    () => new Date(0),
  )
  if (answered !== undefined) logAnswered(log, answered)
  return JSON.parse(lines[0] ?? '{}')
}

describe('the line of a request', () => {
  test('names every route that there is by its template', async () => {
    const { allRoutes } = await buildHouse()
    expect(allRoutes.length).toBeGreaterThan(50)
    const legacyRoutes = Object.values(LEGACY_ROUTES)
    expect(legacyRoutes.map(({ path }) => path)).toContain('/')
    const usual = { requestId: '00000000-0000-4000-8000-000000000000', status: 200, code: undefined, ms: 1 }
    for (const route of [...allRoutes, ...legacyRoutes]) {
      const line = lineOf({ ...usual, route, bytesIn: 1, bytesOut: 2 })
      expect(line).toMatchObject({ method: route.method, route: route.path })
      expect(Object.values(line)).not.toContain('?')
    }
  })

  test('names what has no route of its own "none"', async () => {
    const { answered, ask } = await buildHouse()
    expect(await ask('OPTIONS', '/v2/models/clinic')).toMatchObject({ status: 204 })
    expect(lineOf(answered.at(-1))).toMatchObject({ method: 'OPTIONS', route: 'none', status: 204 })
    expect(await ask('GET', '/clinic')).toMatchObject({ status: 404 })
    expect(lineOf(answered.at(-1))).toMatchObject({ method: 'other', route: 'none', status: 404 })
  })

  test('has the status of the error that a gRPC call ended with, and not that of its head', async () => {
    const house = await openHouse({ unattestedClients: true })
    open.push(house)
    const session = await sessionTo(house.tls)
    open.push({ close: () => session.destroy() })
    await callRaw(session, 'ModelInfer', INFER)
    const route = '/inference.GRPCInferenceService/ModelInfer'
    expect(lineOf(house.answered.at(-1))).toMatchObject({ route, status: 404, code: 'MODEL_NOT_FOUND' })
    await house.upload('alice', new Uint8Array([1]), '?name=m')
    await callRaw(session, 'ModelInfer', INFER)
    expect(lineOf(house.answered.at(-1))).toMatchObject({ route, status: 200, code: null })
  })

  test.each([
    ['with a message that is none', [frame(new Uint8Array(), { flag: 7 })], 400, 'GRPC_MESSAGE_INVALID'],
    ['with more requests than its tenant has', [INFER, INFER, INFER], 429, 'TENANT_RATE_LIMITED'],
    ['well', [INFER], 200, null],
  ])('of a stream is written when it ends, and as it ended: %s', async (_, messages, status, code) => {
    const house = await openHouse({
      unattestedClients: true,
      limits: { maxRequestsPerMinutePerTenant: 3 },
      nowMs: () => 0,
    })
    open.push(house)
    await house.upload('alice', new Uint8Array([1]), '?name=m')
    const session = await sessionTo(house.tls)
    open.push({ close: () => session.destroy() })
    const told = house.answered.length
    const path = '/inference.GRPCInferenceService/ModelStreamInfer'
    const stream = session.request({ ':method': 'POST', ':path': path, ...GRPC_FIELDS })
    await new Promise((resolve) => stream.once('response', resolve))
    expect(house.answered).toHaveLength(told)
    stream.resume()
    stream.end(Buffer.concat(messages))
    await expect.poll(() => house.answered.length).toBe(told + 1)
    expect(lineOf(house.answered.at(-1))).toMatchObject({ route: path, status, code })
  })

  test('of a stream whose client went away is written, too', async () => {
    const house = await openHouse({ unattestedClients: true })
    open.push(house)
    const session = await sessionTo(house.tls)
    open.push({ close: () => session.destroy() })
    const path = '/inference.GRPCInferenceService/ModelStreamInfer'
    const stream = session.request({ ':method': 'POST', ':path': path, ...GRPC_FIELDS })
    await new Promise((resolve) => stream.once('response', resolve))
    stream.write(INFER.subarray(0, 10))
    stream.close(8)
    await expect.poll(() => house.answered.length).toBe(1)
    expect(lineOf(house.answered[0])).toMatchObject({ route: path, status: 400, code: 'BODY_TRUNCATED' })
  })
})
