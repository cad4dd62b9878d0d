import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { EnclaveApi } from '../src/enclave-api.ts'
import { Models } from '../src/models.ts'
import { affirmingResult } from './affirming-result.ts'

const DIGEST = 'ab'.repeat(32)

/** Models of an API that has one, and the calls that came. */
function models(): { readonly models: Models; readonly calls: string[] } {
  const calls: string[] = []
  const api: EnclaveApi = {
    async call({ method, path }) {
      calls.push(`${method} ${path}`)
      const body = utf8(JSON.stringify({ sha256: DIGEST, kind: 'onnx', bytes: 1 }))
      return { status: 200, headers: new Headers(), body, result: affirmingResult({ notAfter: 9 }) }
    },
    open: () => Promise.reject(new Error('nothing is streamed here')),
  }
  return { models: new Models(api), calls }
}

describe('a model', () => {
  test('is asked for by its digest in lower case, as servers know it', async () => {
    const { models: held, calls } = models()
    const given = DIGEST.toUpperCase()
    expect(await held.show(given)).toMatchObject({ sha256: DIGEST })
    await held.grant(given, 'bob')
    await held.revoke(given, '*')
    await held.shareEngines(given)
    await held.separateEngines(given)
    await held.delete(given)
    expect(calls).toEqual([
      `GET /v1/models/${DIGEST}`,
      `PUT /v1/models/${DIGEST}/grants/bob`,
      `DELETE /v1/models/${DIGEST}/grants/*`,
      `PUT /v1/models/${DIGEST}/shared-engines`,
      `DELETE /v1/models/${DIGEST}/shared-engines`,
      `DELETE /v1/models/${DIGEST}`,
    ])
  })

  test('is asked for by its name as it is written', async () => {
    const { models: held, calls } = models()
    await held.show('Spam')
    await held.show('bob~A/B')
    await held.show(DIGEST.toUpperCase().slice(1))
    expect(calls).toEqual([
      'GET /v1/models/Spam',
      'GET /v1/models/bob~A%2FB',
      `GET /v1/models/${DIGEST.toUpperCase().slice(1)}`,
    ])
  })
})
