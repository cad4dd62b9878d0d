import { describe, expect, test } from 'vitest'
import { faultOf, legacyFaultOf } from './lib/answer-check.ts'
import type { Outcome } from './lib/raw-http.ts'
import { CANARY } from './lib/request-grammar.ts'

const HEAD = { 'x-blindai-error': 'NOT_FOUND', 'x-request-id': '1', date: 'Fri, 27 Nov 2026 19:00:00 GMT' }
const REFUSAL = JSON.stringify({ error: 'there is nothing', code: 'NOT_FOUND', hint: 'Look elsewhere.' })
const LEGACY_REFUSAL = '\x71NOT_FOUND: no way'

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

describe('a refusal of BlindAI 0.6', () => {
  test.each([
    ['whose length is one short', '\x70NOT_FOUND: no way'],
    ['whose length is one long', '\x72NOT_FOUND: no way'],
    ['with a code that is none', '\x71NOT_FOUNT: no way'],
    ['without a code', '\x66no way'],
    ['that is no text', '\x01'],
    ['that is nothing', ''],
  ])('is not typed, %s', (_, body) => {
    expect(legacyFaultOf(answer(HEAD, body))).toBe('not typed')
  })
  test('is typed where its length takes a byte of its own', () => {
    expect(
      legacyFaultOf({ ...BYTES, body: Buffer.from([0x78, 30, ...Buffer.from(`NOT_FOUND: ${'n'.repeat(19)}`)]) }),
    ).toBeUndefined()
  })
})

const BYTES = { kind: 'answer', status: 500, headers: HEAD } as const
