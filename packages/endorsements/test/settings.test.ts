import { type JsonValue, parseJson } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { AMD_PUBLIC_SERVICE, INTEL_PUBLIC_SERVICE, parseEndorsementSettings } from '../src/index.ts'

const parse = (value: JsonValue): unknown => parseEndorsementSettings('endorsements', value)

describe('the settings', () => {
  test('name no service by themselves', () => {
    expect(parse({})).toEqual({})
  })

  test('name the public services by a word', () => {
    expect(parse({ intel: 'public', amd: 'public' })).toEqual({ intel: INTEL_PUBLIC_SERVICE, amd: AMD_PUBLIC_SERVICE })
    expect(INTEL_PUBLIC_SERVICE.url).toBe('https://api.trustedservices.intel.com')
    expect(AMD_PUBLIC_SERVICE.url).toBe('https://kdsintf.amd.com')
  })

  test('take every member', () => {
    const intel = {
      url: 'https://pccs.example:8081/base',
      rootCrlUrl: 'https://pccs.example/root.der',
      update: 'early',
      caFile: '/etc/pccs.pem',
    }
    const settings = { intel, amd: { url: 'http://127.0.0.1:9000', caFile: 'kds.pem' }, cacheDir: '/var/cache/blindai' }
    expect(parse(settings)).toEqual(settings)
    expect(parse({ intel: { url: 'https://pccs.example/', tcbEvaluationDataNumber: 20 } })).toEqual({
      intel: { url: 'https://pccs.example', tcbEvaluationDataNumber: 20 },
    })
  })

  test.each(['http://127.0.0.1:1', 'http://127.9.9.9', 'http://[::1]:1', 'http://localhost:1', 'https://a.example'])(
    'take the address %s',
    (url) => {
      expect(parse({ amd: { url } })).toEqual({ amd: { url } })
    },
  )

  test.each([
    'http://pccs.example',
    'http://127.0.0.1.example',
    'http://localhost.example',
    'http://[::2]',
    'ftp://127.0.0.1',
    'https://user:secret@pccs.example',
    'https://pccs.example/?key=1',
    'https://pccs.example/#a',
    'pccs.example',
    'file:///etc/passwd',
  ])('refuse the address %s', (url) => {
    for (const settings of [
      { intel: { url } },
      { amd: { url } },
      { intel: { url: 'https://a.example', rootCrlUrl: url } },
    ]) {
      expect(() => parse(settings)).toThrow(expect.objectContaining({ code: 'WRONG_VALUE' }))
    }
  })

  test.each<[string, JsonValue, string, string]>([
    ['are no object', [], 'WRONG_TYPE', 'endorsements'],
    ['have an unknown member', { nvidia: 'public' }, 'UNKNOWN_MEMBER', 'endorsements'],
    [
      'have an unknown member of a service',
      { amd: { url: 'https://a.example', proxy: '' } },
      'UNKNOWN_MEMBER',
      'endorsements.amd',
    ],
    ['name a service by another word', { intel: 'standard' }, 'WRONG_TYPE', 'endorsements.intel'],
    ['name a service without an address', { intel: {} }, 'MISSING_MEMBER', 'endorsements.intel'],
    [
      'name a recovery by another word',
      { intel: { url: 'https://a.example', update: 'late' } },
      'WRONG_VALUE',
      'endorsements.intel.update',
    ],
    [
      'name a recovery twice',
      { intel: { url: 'https://a.example', update: 'early', tcbEvaluationDataNumber: 20 } },
      'WRONG_VALUE',
      'endorsements.intel',
    ],
    [
      'number a recovery by a fraction',
      { intel: { url: 'https://a.example', tcbEvaluationDataNumber: 1.5 } },
      'WRONG_VALUE',
      'endorsements.intel.tcbEvaluationDataNumber',
    ],
    ['have an address that is no text', { amd: { url: 1 } }, 'WRONG_TYPE', 'endorsements.amd.url'],
    ['have a folder without a name', { cacheDir: '' }, 'WRONG_VALUE', 'endorsements.cacheDir'],
  ])('are refused when they %s', (_, value, code, field) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ code, details: expect.objectContaining({ field }) }))
  })

  test('are no place for members that JavaScript gives every object', () => {
    expect(() => parse(parseJson('settings', '{"__proto__":{"amd":"public"}}'))).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_MEMBER' }),
    )
  })
})
