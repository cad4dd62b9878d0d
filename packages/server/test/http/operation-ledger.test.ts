import { describe, expect, test } from 'vitest'
import { OperationLedger } from '../../src/http/operation-ledger.ts'

const LIMITS = { maxOperationIdsPerTenant: 2, operationIdWindowSeconds: 60 }

describe('a single-use id', () => {
  test('is forgotten by a clock that only counts on, a second after its window', () => {
    const time = { nowMs: 5000 }
    const ledger = new OperationLedger(LIMITS, () => time.nowMs)
    ledger.begin('alice', 'first')
    time.nowMs += 60_000
    expect(() => ledger.begin('alice', 'first')).toThrowError(expect.objectContaining({ code: 'OPERATION_REPLAYED' }))
    time.nowMs += 1000
    ledger.begin('alice', 'first')
  })

  test('has a bound for each tenant, and says when there is room', () => {
    const time = { nowMs: 0 }
    const ledger = new OperationLedger(LIMITS, () => time.nowMs)
    ledger.begin('alice', 'first')
    time.nowMs = 10_000
    ledger.begin('alice', 'second')
    expect(() => ledger.begin('alice', 'third')).toThrowError(
      expect.objectContaining({ code: 'OPERATION_LIMIT', details: { limit: 2, retryAfterSeconds: 51 } }),
    )
    ledger.begin('bob', 'first')
  })
})
