import { expect, test } from 'vitest'
import { TenantMeter } from '../../src/tenants/index.ts'

test('a run that outlives its tenant owes nothing in the name of the next of that name', () => {
  const quotas = { maxRequestsPerMinute: 1, maxEngineMsPerMinute: 10 }
  const meter = new TenantMeter({ quotasOf: () => quotas, nowMs: () => 0 })
  meter.checkEngineTime('clinic')
  meter.chargeEngineTime('clinic', 100)
  expect(() => meter.checkEngineTime('clinic')).toThrow(expect.objectContaining({ code: 'TENANT_ENGINE_TIME_SPENT' }))
  meter.forget('clinic')
  meter.chargeEngineTime('clinic', 100)
  expect(() => meter.checkEngineTime('clinic')).not.toThrow()
})

test('what is computed for a tenant counts before it asks for the first time, too', () => {
  const quotas = { maxRequestsPerMinute: 1, maxEngineMsPerMinute: 10 }
  const meter = new TenantMeter({ quotasOf: () => quotas, nowMs: () => 0 })
  meter.openEngineTime('clinic')
  meter.chargeEngineTime('clinic', 100)
  expect(() => meter.checkEngineTime('clinic')).toThrow(expect.objectContaining({ code: 'TENANT_ENGINE_TIME_SPENT' }))
})
