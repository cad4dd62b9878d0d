import { afterEach, describe, expect, test } from 'vitest'
import { createLineLog } from '../src/gatekeeper-log.ts'
import { logAnswered } from '../src/gatekeeper-watch.ts'
import type { Answered } from '../src/http/dispatcher.ts'
import { LEGACY_ROUTES, type LegacyAnswered } from '../src/legacy/index.ts'
import { TENSOR } from './fixtures/fake-engines.ts'
import { callRaw, inferFrame } from './fixtures/grpc.ts'
import { buildHouse } from './fixtures/house.ts'
import { openHouse, sessionTo } from './fixtures/listening.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

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
    const frame = inferFrame('m', [{ ...TENSOR, name: 'x' }])
    await callRaw(session, 'ModelInfer', frame)
    const route = '/inference.GRPCInferenceService/ModelInfer'
    expect(lineOf(house.answered.at(-1))).toMatchObject({ route, status: 404, code: 'MODEL_NOT_FOUND' })
    await house.upload('alice', new Uint8Array([1]), '?name=m')
    await callRaw(session, 'ModelInfer', frame)
    expect(lineOf(house.answered.at(-1))).toMatchObject({ route, status: 200, code: null })
  })
})
