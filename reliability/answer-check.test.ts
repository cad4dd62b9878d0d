import { describe, expect, test } from 'vitest'
import { faultOf, legacyFaultOf } from './lib/answer-check.ts'
import type { Outcome } from './lib/raw-http.ts'
import { CANARY } from './lib/request-grammar.ts'

const HEAD = { 'x-blindai-error': 'NOT_FOUND', 'x-request-id': '1', date: 'Fri, 27 Nov 2026 19:00:00 GMT' }
const REFUSAL = JSON.stringify({ error: 'there is nothing', code: 'NOT_FOUND', hint: 'Look elsewhere.' })
const LEGACY_REFUSAL = '\x70NOT_FOUND: no way'

const answer = (headers: Readonly<Record<string, string>>, body: string, status = 404): Outcome => ({
  kind: 'answer',
  status,
  headers,
  body: Buffer.from(body),
})

const WIRES = [
  ['the interface', faultOf, REFUSAL],
  ['BlindAI 0.6', legacyFaultOf, LEGACY_REFUSAL],
] as const

describe.each(WIRES)('a refusal of %s', (_, judge, refusal) => {
  test('is right when it says its code and nothing else', () => {
    expect(judge(answer(HEAD, refusal))).toBeUndefined()
  })
  test.each([
    ['body', {}, `no ${CANARY}`, 'repeats the request'],
    ['head', { 'x-why': `no ${CANARY}` }, '', 'repeats the request'],
    ['name of a field', { [CANARY]: 'no' }, '', 'repeats the request'],
    ['body', {}, 'at parse (/srv/app/main.ts:1:2)', 'tells of the machine'],
    ['head', { 'x-why': 'at parse (/srv/app/main.ts:1:2)' }, '', 'tells of the machine'],
    ['head', { location: '/srv/app' }, '', 'tells of the machine'],
  ])('is wrong when its %s says more: %j %s', (_, head, more, fault) => {
    expect(judge(answer({ ...HEAD, ...head }, refusal.replace('no', `${more} no`)))).toBe(fault)
  })
  test('is not judged where there is none', () => {
    expect(judge(answer({ location: '/v1/models' }, CANARY, 200))).toBeUndefined()
  })
})
