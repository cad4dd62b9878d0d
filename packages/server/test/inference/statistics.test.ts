import { describe, expect, test } from 'vitest'
import { StatisticsLedger } from '../../src/inference/statistics.ts'

const DONE = {
  succeeded: true,
  atSeconds: 10,
  totalNs: 100,
  queueNs: 20,
  computeInputNs: 10,
  computeInferNs: 60,
  computeOutputNs: 10,
  executions: 1,
}

describe('the statistics of a model', () => {
  test('add up counts and durations by tenant, and over all of them', () => {
    const ledger = new StatisticsLedger()
    ledger.record('alice/m', ledger.asker('alice'), DONE)
    ledger.record('alice/m', ledger.asker('alice'), { ...DONE, atSeconds: 12, totalNs: 300 })
    ledger.record('alice/m', ledger.asker('bob'), {
      succeeded: false,
      atSeconds: 11,
      totalNs: 5,
      computeInputNs: 5,
      executions: 0,
    })
    expect(ledger.of('alice/m', 'alice')).toMatchObject({
      success: { count: 2, ns: 400 },
      fail: { count: 0, ns: 0 },
      computeInfer: { count: 2, ns: 120 },
      lastInference: 12,
    })
    expect(ledger.of('alice/m', 'bob')).toMatchObject({
      success: { count: 0, ns: 0 },
      fail: { count: 1, ns: 5 },
      queue: { count: 0, ns: 0 },
      lastInference: 11,
    })
    expect(ledger.of('alice/m', undefined)).toMatchObject({
      success: { count: 2, ns: 400 },
      fail: { count: 1, ns: 5 },
      computeInput: { count: 3, ns: 25 },
      lastInference: 12,
    })
  })

  test('count a run once that answered several requests, and none that failed', () => {
    const ledger = new StatisticsLedger()
    ledger.record('alice/m', ledger.asker('alice'), DONE)
    ledger.record('alice/m', ledger.asker('alice'), { ...DONE, executions: 0 })
    ledger.record('alice/m', ledger.asker('bob'), { ...DONE, succeeded: false })
    expect(ledger.of('alice/m', undefined)).toMatchObject({ success: { count: 2 }, fail: { count: 1 }, executions: 1 })
    expect(ledger.of('alice/m', 'bob')).toMatchObject({ executions: 0 })
  })

  test('are nothing for a model that was never asked, and for one that was forgotten', () => {
    const ledger = new StatisticsLedger()
    ledger.record('alice/m', ledger.asker('alice'), DONE)
    ledger.record('alice/n', ledger.asker('alice'), DONE)
    ledger.forget('alice/m')
    expect(ledger.of('alice/m', undefined)).toEqual(ledger.of('alice/never', undefined))
    expect(ledger.of('alice/m', undefined)).toMatchObject({ success: { count: 0, ns: 0 }, lastInference: 0 })
    expect(ledger.of('alice/n', undefined)).toMatchObject({ success: { count: 1 } })
  })

  test('of a tenant that is gone stay in the sums, and are not the next one’s of its name', () => {
    const ledger = new StatisticsLedger(3)
    for (const tenant of ['alice', 'bob', 'carol']) ledger.record('alice/m', ledger.asker(tenant), DONE)
    ledger.forgetTenant('bob')
    ledger.forgetTenant('carol')
    ledger.forgetTenant('nobody-known')
    expect(ledger.of('alice/m', 'bob')).toEqual(ledger.of('alice/never', 'bob'))
    expect(ledger.of('alice/m', undefined)).toMatchObject({ success: { count: 3 }, executions: 3 })
    // Two counters are left, so there is room for one more.
    ledger.record('alice/m', ledger.asker('bob'), DONE)
    expect(ledger.of('alice/m', 'bob')).toMatchObject({ success: { count: 1 } })
    expect(ledger.of('alice/m', undefined)).toMatchObject({ success: { count: 4 } })
  })

  test('are kept for so many and no more: the longest idle one starts again', () => {
    const ledger = new StatisticsLedger(4)
    ledger.record('busy', ledger.asker('t'), DONE)
    ledger.record('idle', ledger.asker('t'), DONE)
    ledger.record('busy', ledger.asker('t'), DONE)
    for (const model of ['a', 'b', 'c']) ledger.record(model, ledger.asker('t'), DONE)
    expect(ledger.of('idle', 't').success.count).toBe(0)
    expect(ledger.of('busy', 't').success.count).toBe(2)
  })
})
