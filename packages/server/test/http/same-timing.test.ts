import { describe, expect, test } from 'vitest'
import type { ApiRequest, ApiResponse } from '../../src/http/api.ts'
import { bodyOfBytes } from '../../src/http/memory-body.ts'
import { buildHouse, digestOf, KEYS, provedConnection } from '../fixtures/house.ts'

/**
 * Coarse timing: how long the dispatcher takes for a model that belongs to somebody else, one that is not granted and one that
 * nobody has. Requests come in pairs, the two in random order right after each other, so that a machine under load slows both.
 * Compared is how often the first of a pair took longer: half of the time where there is nothing to see, which holds for any
 * distribution (sign test). A difference that was planted must be found before one that is not counts.
 */

const PAIRS = 2000
/** Of 2000 fair pairs, fewer than one run in a million is off a half by more than 0.055. */
const NOTICEABLE = 0.055

type Dispatch = (request: ApiRequest) => Promise<ApiResponse>

function asked(method: string, path: string): ApiRequest {
  return {
    method,
    path,
    query: '',
    headers: { authorization: `Bearer ${KEYS.bob}` },
    body: bodyOfBytes(Buffer.from(method === 'POST' ? '{"inputs":[]}' : '')),
    signal: new AbortController().signal,
    channel: { kind: 'tls', connection: provedConnection() },
  }
}

async function durationMs(dispatch: Dispatch, request: ApiRequest): Promise<number> {
  const begun = performance.now()
  const { status } = await dispatch(request)
  const ended = performance.now()
  if (status !== 404) throw new Error(`the answer was ${status}`)
  return ended - begun
}

/** How often the first of a pair took longer than the second, less a half: from -0.5 to 0.5. Ties count half. */
async function difference(dispatch: Dispatch, one: () => ApiRequest, other: () => ApiRequest): Promise<number> {
  let longer = 0
  for (let pair = 0; pair < PAIRS; pair++) {
    const isFirst = Math.random() < 0.5
    const a = await durationMs(dispatch, isFirst ? one() : other())
    const b = await durationMs(dispatch, isFirst ? other() : one())
    const [mine, others] = isFirst ? [a, b] : [b, a]
    longer += mine > others ? 1 : mine === others ? 0.5 : 0
  }
  return longer / PAIRS - 0.5
}

/** Takes a few microseconds more for some paths, as a look-up that tells them apart would. */
function slowerFor(dispatch: Dispatch, path: string, ms: number): Dispatch {
  return async (request) => {
    if (request.path.includes(path)) {
      const until = performance.now() + ms
      while (performance.now() < until);
    }
    return await dispatch(request)
  }
}

/** Alice has models, named, of which one is granted to carol; bob may see none of them. */
async function fullHouse() {
  const house = await buildHouse()
  const digests: string[] = []
  for (let i = 0; i < 40; i++) {
    digests.push(await house.upload('alice', new Uint8Array(100).fill(i + 1), `?name=model-${i}`))
  }
  const [foreign = '', ungranted = ''] = [digests[20], digests[39]]
  await house.ask('PUT', `/v1/models/${ungranted}/grants/carol`, { as: 'alice' })
  return { dispatch: house.dispatch, foreign, ungranted, missing: digestOf(new Uint8Array([7, 7, 7])) }
}

const ROUTES = [
  ['metadata', 'GET', (model: string) => `/v2/models/${model}`],
  ['infer', 'POST', (model: string) => `/v2/models/${model}/infer`],
  ['delete', 'DELETE', (model: string) => `/v1/models/${model}`],
] as const

describe.each(ROUTES)('the time of a refusal: %s', (_name, method, path) => {
  test('is found out when 20 microseconds are added for one kind of model', async () => {
    const { dispatch, foreign, missing } = await fullHouse()
    const slower = slowerFor(dispatch, foreign, 0.02)
    const one = () => asked(method, path(foreign))
    const other = () => asked(method, path(missing))
    expect(await difference(slower, one, other)).toBeGreaterThan(NOTICEABLE)
  })

  test('does not tell a model of somebody else, or one granted to others only, from one that nobody has', async () => {
    const { dispatch, foreign, ungranted, missing } = await fullHouse()
    for (const hidden of [foreign, ungranted, 'alice~model-20']) {
      const nobodys = hidden.includes('~') ? 'alice~model-99' : missing
      const found = await difference(
        dispatch,
        () => asked(method, path(hidden)),
        () => asked(method, path(nobodys)),
      )
      expect(Math.abs(found), `${hidden}: ${found}`).toBeLessThan(NOTICEABLE)
    }
  })
})
