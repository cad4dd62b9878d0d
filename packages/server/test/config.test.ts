import { describe, expect, test } from 'vitest'
import { configJson, parseServerConfig } from '../src/config.ts'
import { defaultLimits, LIMIT_RANGES } from '../src/config-limits.ts'

const KEY = 'ab'.repeat(32)
const OTHER_KEY = 'cd'.repeat(32)
const STORE = { dir: 'a', keySource: 'file', keyFile: 'k' }

function parse(change: object): ReturnType<typeof parseServerConfig> {
  return parseServerConfig(JSON.stringify({ listen: { host: '127.0.0.1', port: 0 }, tenants: [], ...change }))
}

describe('a configuration', () => {
  test('that says little is strict where it is silent', () => {
    expect(parse({})).toEqual({
      listen: { host: '127.0.0.1', port: 0 },
      requestLog: false,
      tenants: [],
      unattestedClients: false,
      isolation: 'full',
      sharedEngines: false,
      crossTenantBatching: false,
      limits: defaultLimits(),
    })
  })

  test('shows metrics on loopback, unless it names another host, and nowhere unless it asks', () => {
    expect(parse({}).metricsListen).toBeUndefined()
    expect(parse({ metricsListen: { port: 9464 } }).metricsListen).toEqual({ host: '127.0.0.1', port: 9464 })
    expect(parse({ metricsListen: { host: '::', port: 9464 } }).metricsListen).toEqual({ host: '::', port: 9464 })
  })

  test('names tenants by the hashes of their keys', () => {
    const tenants = [{ name: 'alice', role: 'owner', keySha256: KEY }]
    expect(parse({ tenants }).tenants).toEqual(tenants)
  })

  test('sets limits by name, and leaves the others as they are', () => {
    const { limits } = parse({ limits: { requestDeadlineMs: 1234 } })
    expect(limits).toEqual({ ...defaultLimits(), requestDeadlineMs: 1234 })
  })

  test('lets several tenants share a run where they share engines and there are batches', () => {
    const config = { crossTenantBatching: true, sharedEngines: true, limits: { maxBatchElements: 4096 } }
    expect(parse(config)).toMatchObject({ crossTenantBatching: true })
  })

  test('has defaults within the ranges that it allows', () => {
    for (const [name, value] of Object.entries(defaultLimits())) {
      const [min, max] = Object.entries(LIMIT_RANGES).find(([other]) => other === name)?.[1] ?? [1, 0]
      expect(value, name).toBeGreaterThanOrEqual(min)
      expect(value, name).toBeLessThanOrEqual(max)
    }
  })

  test('names a folder for sealed models, with the key source that forgets unless it names another', () => {
    expect(parse({ store: { dir: 'models' } }).store).toEqual({ dir: 'models', keySource: 'ephemeral' })
    const store = { dir: '/var/models', keySource: 'file', keyFile: '/var/models.key' }
    expect(parse({ store }).store).toEqual(store)
  })

  test('serves clients of BlindAI 0.6 on loopback, as a tenant of their own', () => {
    expect(parse({ legacy: {} }).legacy).toEqual({
      host: '127.0.0.1',
      ports: { attestation: 9923, run: 9924, management: 9925 },
      tenant: 'legacy',
    })
    const legacy = { host: '::1', ports: { attestation: 1, run: 2, management: 3 }, tenant: 'old' }
    expect(parse({ legacy }).legacy).toEqual(legacy)
  })

  test('is shown as JSON with every limit', () => {
    expect(configJson(parse({}))).toMatchObject({ isolation: 'full', limits: { requestDeadlineMs: 30_000 } })
  })

  test.each([
    [
      'a legacy host off loopback',
      { legacy: { host: '0.0.0.0' } },
      'WRONG_VALUE',
      { field: 'configuration.legacy.host' },
    ],
    ['a legacy port too few', { legacy: { ports: { run: 1 } } }, 'MISSING_MEMBER', { member: 'attestation' }],
    [
      'a legacy tenant that somebody is',
      { legacy: {}, tenants: [{ name: 'legacy', role: 'owner', keySha256: KEY }] },
      'WRONG_VALUE',
      { field: 'configuration.legacy.tenant' },
    ],
    ['an unknown member', { debug: true }, 'UNKNOWN_MEMBER', { field: 'configuration', member: 'debug' }],
    [
      'an unknown limit',
      { limits: { speed: 1 } },
      'UNKNOWN_MEMBER',
      { field: 'configuration.limits', member: 'speed' },
    ],
    [
      'several tenants in a run whose engines are not shared',
      { crossTenantBatching: true, limits: { maxBatchElements: 1 } },
      'WRONG_VALUE',
      { field: 'configuration.crossTenantBatching' },
    ],
    [
      'several tenants in a run where there are no batches',
      { crossTenantBatching: true, sharedEngines: true, limits: { maxBatchElements: 0 } },
      'WRONG_VALUE',
      { field: 'configuration.crossTenantBatching' },
    ],
    ['a limit out of range', { limits: { cores: 0 } }, 'WRONG_VALUE', { field: 'configuration.limits.cores' }],
    [
      'a port out of range',
      { listen: { host: 'a', port: 65_536 } },
      'WRONG_VALUE',
      { field: 'configuration.listen.port' },
    ],
    [
      'a host with a space',
      { listen: { host: 'a b', port: 1 } },
      'WRONG_VALUE',
      { field: 'configuration.listen.host' },
    ],
    ['no listener', { listen: undefined }, 'MISSING_MEMBER', { member: 'listen' }],
    ['an isolation that does not exist', { isolation: 'some' }, 'WRONG_VALUE', { field: 'configuration.isolation' }],
    ['a store without a folder', { store: {} }, 'MISSING_MEMBER', { member: 'dir' }],
    ['a key file to no file', { store: { dir: 'a', keyFile: 'b' } }, 'UNKNOWN_MEMBER', { member: 'keyFile' }],
    ['a key in no file', { store: { dir: 'a', keySource: 'file' } }, 'MISSING_MEMBER', { member: 'keyFile' }],
    [
      'a key source that nobody knows',
      { store: { dir: 'a', keySource: 'sticker' } },
      'WRONG_VALUE',
      { field: 'configuration.store.keySource' },
    ],
    [
      'a counter of a key that is gone at the end',
      { store: { dir: 'a', counter: { kind: 'file', path: 'c' } } },
      'UNKNOWN_MEMBER',
      { member: 'counter' },
    ],
    [
      'a counter that nobody knows',
      { store: { ...STORE, counter: { kind: 'abacus' } } },
      'WRONG_VALUE',
      { field: 'configuration.store.counter.kind' },
    ],
    ['a counter in no file', { store: { ...STORE, counter: { kind: 'file' } } }, 'MISSING_MEMBER', { member: 'path' }],
    [
      'a file for a counter that has none',
      { store: { ...STORE, counter: { kind: 'tpm', path: 'c' } } },
      'UNKNOWN_MEMBER',
      { member: 'path' },
    ],
    ['text for a boolean', { sharedEngines: 'yes' }, 'WRONG_TYPE', { field: 'configuration.sharedEngines' }],
    [
      'an unknown role',
      { tenants: [{ name: 'a', role: 'root', keySha256: KEY }] },
      'WRONG_VALUE',
      { field: 'configuration.tenants[0].role' },
    ],
    [
      'a key instead of its hash',
      { tenants: [{ name: 'a', role: 'owner', keySha256: 'secret' }] },
      'WRONG_VALUE',
      { field: 'configuration.tenants[0].keySha256' },
    ],
    [
      'two tenants of one name',
      {
        tenants: [
          { name: 'a', role: 'owner', keySha256: KEY },
          { name: 'a', role: 'owner', keySha256: OTHER_KEY },
        ],
      },
      'WRONG_VALUE',
      { field: 'configuration.tenants' },
    ],
    [
      'two tenants of one key',
      {
        tenants: [
          { name: 'a', role: 'owner', keySha256: KEY },
          { name: 'b', role: 'owner', keySha256: KEY },
        ],
      },
      'WRONG_VALUE',
      { field: 'configuration.tenants' },
    ],
  ])('is refused with %s', (_name, change, code, details) => {
    expect(() => parse(change)).toThrowError(
      expect.objectContaining({ code, details: expect.objectContaining(details) }),
    )
  })
})
