import { describe, expect, test, vi } from 'vitest'
import type { FakeRun } from '../fixtures/fake-engines.ts'
import { buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = Buffer.from('a model')
const PATH = `/v1/models/${digestOf(MODEL)}`

function inputOf(columns: number): string {
  const data = Array.from({ length: columns }, () => 0)
  return JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, columns], data }] })
}

/** Two tenants ask for a model of a third while its engine is busy: how many requests the next run is for. */
async function nextRun(
  operator: { readonly sharedEngines: boolean; readonly crossTenantBatching: boolean },
  query: string,
) {
  const house = await buildHouse({ ...operator, limits: { cores: 1, maxBatchElements: 1000 } })
  const { ask, engines, scheduler, upload } = house
  engines.description = { ...engines.description, rows: { maxRows: 8 } }
  await upload('alice', MODEL, `?name=m${query}`)
  await ask('PUT', `${PATH}/grants/*`, { as: 'alice' })
  const runs: FakeRun[] = []
  engines.onRun = (run) => runs.push(run)
  const answers = [ask('POST', '/v2/models/m/infer', { as: 'alice', body: inputOf(9) })]
  await vi.waitFor(() => expect(runs).toHaveLength(1))
  for (const as of ['bob', 'carol'] as const) {
    answers.push(ask('POST', '/v2/models/alice~m/infer', { as, body: inputOf(4) }))
  }
  await vi.waitFor(() => expect(scheduler.waiting).toBe(2))
  runs[0]?.answer()
  await vi.waitFor(() => expect(runs).toHaveLength(2))
  engines.onRun = (run) => run.answer()
  runs[1]?.answer()
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200 })
  return runs[1]?.requests
}

describe('requests of two tenants', () => {
  const operator = { sharedEngines: true, crossTenantBatching: true }
  const owner = '&shared=true&crossTenantBatching=allowed'
  test.for([
    ['share a run where operator and owner allow engines and runs to be shared', operator, owner, 2],
    ['do not where the operator shares no runs', { ...operator, crossTenantBatching: false }, owner, 1],
    ['do not where the operator shares no engines', { ...operator, sharedEngines: false }, owner, 1],
    ['do not where the owner shares no runs', operator, '&shared=true', 1],
    ['do not where the owner shares no engines', operator, '&crossTenantBatching=allowed', 1],
  ] as const)('%s', async ([, allowed, query, requests]) => {
    expect(await nextRun(allowed, query)).toBe(requests)
  })
})
