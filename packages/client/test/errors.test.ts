import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CLIENT_CATALOGUE } from '../src/error-catalogue.ts'
import { BlindAiError, isBlindAiError, withReport } from '../src/errors.ts'
import { readResponse } from '../src/response.ts'
import { SERVER_CATALOGUE } from '../src/server-errors.ts'
import { affirmingResult } from './affirming-result.ts'

async function errorOf(status: number, headers: Record<string, string>, body: string): Promise<BlindAiError> {
  try {
    await readResponse('x', { status, headers: new Headers(headers), body: pieces(utf8(body)) }, 10)
  } catch (error) {
    if (isBlindAiError(error)) return error
    throw error
  }
  throw new Error('no error')
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += 7) yield bytes.subarray(at, at + 7)
}

describe('an answer with an error status', () => {
  test('becomes the error that it names, with what the server says and how long to wait', async () => {
    const headers = { 'x-blindai-error': 'TENANT_BUSY', 'x-request-id': 'r-1', 'retry-after': '3' }
    const error = await errorOf(429, headers, '{"error":"too many at once","code":"TENANT_BUSY","hint":"wait"}')
    expect(error).toMatchObject({
      name: 'BlindAiError',
      family: 'retry',
      code: 'TENANT_BUSY',
      retryAfterMs: 3000,
      details: { status: 429, serverCode: 'TENANT_BUSY', sentence: 'too many at once', requestId: 'r-1' },
    })
    expect(error.message).toContain('too many at once')
  })

  test('is named by its body where a proxy removed the header', async () => {
    const error = await errorOf(404, {}, '{"error":"no such model","code":"MODEL_NOT_FOUND"}')
    expect(error).toMatchObject({ family: 'fix', code: 'MODEL_NOT_FOUND' })
  })

  test.each([
    [400, 'fix', 'SERVER_REFUSED'],
    [429, 'retry', 'SERVER_UNAVAILABLE'],
    [503, 'retry', 'SERVER_UNAVAILABLE'],
  ])('of an unknown code and status %i is of the family %s', async (status, family, code) => {
    const error = await errorOf(status, { 'x-blindai-error': 'NEWER_THAN_THIS' }, '')
    expect(error).toMatchObject({ family, code, details: { serverCode: 'NEWER_THAN_THIS' } })
  })

  test('cannot name a code of this package, or move a cursor', async () => {
    const error = await errorOf(400, { 'x-blindai-error': 'EVIDENCE_REFUSED' }, '{"error":"a\\u001b[2Jb"}')
    expect(error).toMatchObject({ code: 'SERVER_REFUSED', details: { sentence: 'a [2Jb' } })
  })

  test('is read up to a bound', async () => {
    const error = await errorOf(500, {}, 'x'.repeat(100_000))
    expect(error).toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
  })
})

describe('an error', () => {
  test('keeps its code, facts and cause when it gets the report of its session', () => {
    const cause = new Error('cause')
    const plain = new BlindAiError('CONNECTION_LOST', { what: 'a request' }, { cause })
    const report = affirmingResult({ notAfter: 1 })
    const reported = withReport(plain, report)
    expect(reported).toMatchObject({ code: 'CONNECTION_LOST', details: { what: 'a request' }, report, cause })
    expect(withReport(reported, affirmingResult({ notAfter: 2 }))).toBe(reported)
  })

  test('of each code has a sentence to read and one to follow', () => {
    for (const row of [...Object.values(CLIENT_CATALOGUE), ...Object.values(SERVER_CATALOGUE)]) {
      expect(['fix', 'retry', 'stop']).toContain(row.family)
      expect(row.hint).toMatch(/^[A-Z].*\.$/)
    }
  })
})
