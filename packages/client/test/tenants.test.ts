import { fromUtf8, type JsonValue, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { ApiCall, EnclaveApi } from '../src/enclave-api.ts'
import { ApiKeys } from '../src/keys.ts'
import { Tenants } from '../src/tenants.ts'
import { affirmingResult } from './affirming-result.ts'

const TENANT = {
  name: 'clinic',
  role: 'owner',
  configured: false,
  createdAt: 7,
  quotas: { maxModels: 3 },
  effective: { maxModels: 3, maxModelBytes: 10, maxRequestsPerMinute: 60, maxEngineMsPerMinute: 1000 },
  usage: { models: 1, modelBytes: 5 },
  keys: [{ id: '0123456789abcdef', createdAt: 7, expiresAt: 9 }],
}
const HASH = 'ab'.repeat(32)

/** An API that gives that answer to every call, and keeps the calls. */
function answering(answer: JsonValue): { readonly api: EnclaveApi; readonly calls: ApiCall[] } {
  const calls: ApiCall[] = []
  const api: EnclaveApi = {
    async call(call) {
      calls.push(call)
      const body = utf8(JSON.stringify(answer))
      return { status: 200, headers: new Headers(), body, result: affirmingResult({ notAfter: 9 }) }
    },
    open: () => Promise.reject(new Error('nothing is streamed here')),
  }
  return { api, calls }
}

function sent({ method, path, body = [] }: ApiCall): object {
  const text = body.map((part) => fromUtf8('body', part)).join('')
  return { method, path, ...(text === '' ? {} : { body: JSON.parse(text) }) }
}

describe('tenants', () => {
  test('are listed and shown as the server describes them; what this version does not know is passed over', async () => {
    const { api } = answering({ tenants: [{ ...TENANT, mood: 'good' }] })
    expect(await new Tenants(api).list()).toEqual([TENANT])
    expect(await new Tenants(answering(TENANT).api).show('clinic')).toEqual(TENANT)
  })

  test('are made with the hash of a key, changed and deleted by their name', async () => {
    const { api, calls } = answering({ ...TENANT, ...TENANT.keys[0] })
    const tenants = new Tenants(api)
    await tenants.put('clinic', { role: 'owner', quotas: { maxModels: 3 }, key: { sha256: HASH, expiresAt: 9 } })
    await tenants.delete('a/b')
    await tenants.keys('clinic').add({ sha256: HASH })
    await tenants.keys('clinic').revoke('0123456789abcdef')
    const wish = { role: 'owner', quotas: { maxModels: 3 }, key: { sha256: HASH, expiresAt: 9 } }
    expect(calls.map(sent)).toEqual([
      { method: 'PUT', path: '/v1/tenants/clinic', body: wish },
      { method: 'DELETE', path: '/v1/tenants/a%2Fb' },
      { method: 'POST', path: '/v1/tenants/clinic/keys', body: { sha256: HASH } },
      { method: 'DELETE', path: '/v1/tenants/clinic/keys/0123456789abcdef' },
    ])
  })

  test.each([
    ['no tenant', 'nothing'],
    ['a role that does not exist', { ...TENANT, role: 'emperor' }],
    ['a quota that is text', { ...TENANT, quotas: { maxModels: 'many' } }],
    ['no keys', { ...TENANT, keys: null }],
  ])('that the server describes as %s are an error', async (_name, answer) => {
    await expect(new Tenants(answering(answer).api).show('clinic')).rejects.toMatchObject({
      code: 'RESPONSE_MALFORMED',
    })
  })

  test('without a name are refused before anything is sent', async () => {
    const { api, calls } = answering(TENANT)
    await expect(new Tenants(api).show('')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(calls).toEqual([])
  })
})

describe('own keys', () => {
  test('are listed, added by their hash and revoked by their id', async () => {
    const { api, calls } = answering({ ...TENANT.keys[0], keys: TENANT.keys })
    const keys = new ApiKeys(api, '/v1/keys')
    expect(await keys.list()).toEqual(TENANT.keys)
    expect(await keys.add({ sha256: HASH, notBefore: 8, expiresAt: 9 })).toEqual(TENANT.keys[0])
    await keys.revoke('0123456789abcdef')
    await expect(keys.revoke('')).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(calls.map(sent)).toEqual([
      { method: 'GET', path: '/v1/keys' },
      { method: 'POST', path: '/v1/keys', body: { sha256: HASH, notBefore: 8, expiresAt: 9 } },
      { method: 'DELETE', path: '/v1/keys/0123456789abcdef' },
    ])
  })
})
