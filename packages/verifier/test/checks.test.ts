import { MalformedError } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList, Halt } from '../src/appraisal/check-list.ts'
import { VerifierError } from '../src/index.ts'

describe('a list of checks', () => {
  const plan = ['dcap.root', 'policy.chip', 'policy.product'] as const
  const refusal = new VerifierError('SNP_CHIP_DENIED', { chipId: 'aa' })
  const refuse = (): never => {
    throw refusal
  }
  test('lists what nobody ran as skipped, in the order of the plan', () => {
    const checks = new CheckList(plan)
    checks.pass('policy.product')
    expect(checks.all.map(({ code, status }) => [code, status])).toEqual([
      ['dcap.root', 'skipped'],
      ['policy.chip', 'skipped'],
      ['policy.product', 'passed'],
    ])
    expect(checks.hasPassed('policy.product')).toBe(true)
    expect(checks.hasPassed('policy.chip')).toBe(false)
    checks.planFor(['policy.product'])
    expect(checks.all).toHaveLength(1)
  })
  test('stops at the first thing that is not proved, and keeps why', async () => {
    const checks = new CheckList(plan)
    expect(await checks.prove('policy.product', () => 7)).toBe(7)
    await expect(checks.prove('dcap.root', refuse)).rejects.toThrowError(
      expect.objectContaining({ name: 'Halt', message: 'a check failed that the rest depends on' }),
    )
    await expect(checks.prove('dcap.root', refuse)).rejects.toBeInstanceOf(Halt)
    const { answer, code, message, hint, details } = refusal
    expect(checks.all[0]).toMatchObject({ status: 'failed', error: { answer, code, message, hint, details } })
  })
  test('goes on after something that is not wanted', () => {
    const checks = new CheckList(plan)
    checks.judge('policy.chip', true, refuse)
    checks.judge('policy.product', true, () => undefined)
    expect(checks.all.map(({ status }) => status)).toEqual(['skipped', 'failed', 'passed'])
  })
  test('skips what nobody asked for, without looking, and takes back what it said before', () => {
    const checks = new CheckList(plan)
    checks.pass('policy.chip')
    checks.judge('policy.chip', false, refuse)
    expect(checks.all[1]).toMatchObject({ status: 'skipped' })
  })
  test('keeps why something was skipped', () => {
    const checks = new CheckList(plan)
    checks.skip('policy.chip', new MalformedError('MISSING_MEMBER', { field: 'a', member: 'b' }))
    expect(checks.all[1]).toMatchObject({ status: 'skipped', error: { code: 'MISSING_MEMBER', answer: 'malformed' } })
  })
  test('does not take a fault of the program for a refusal', async () => {
    const fault = new TypeError('a fault')
    const fail = (): never => {
      throw fault
    }
    const checks = new CheckList(plan)
    await expect(checks.prove('dcap.root', fail)).rejects.toBe(fault)
    expect(() => checks.judge('dcap.root', true, fail)).toThrow(fault)
    expect(checks.all[0]).toMatchObject({ status: 'skipped' })
  })
})
