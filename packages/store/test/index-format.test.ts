import { randomBytes } from 'node:crypto'
import { fromUtf8, unixSeconds, utf8 } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkNonce } from '../src/blob-format.ts'
import { openIndex, parseSealedIndex, StoreKeys, sealIndex } from '../src/index-format.ts'
import { encodeIndex, type KeyWrap, parseIndex } from '../src/index-json.ts'
import { type IndexEntry, type IndexState, withEntry } from '../src/index-state.ts'
import { INDEX_OF_VERSION_1 } from './support/index-of-version-1.ts'
import { refusal } from './support/opened.ts'

const HEADER = {
  storeId: new Uint8Array(16).fill(7),
  generation: 5,
  keySource: 'file',
  sealedKey: new Uint8Array(60).fill(9),
} as const
const STORE_KEY = new Uint8Array(32).fill(1)

function entry(change: Partial<IndexEntry> = {}): IndexEntry {
  return {
    owner: 'alice',
    sha256: 'ab'.repeat(32),
    bytes: 10,
    createdAt: unixSeconds(1_800_000_000),
    grants: [],
    details: {},
    blob: new Uint8Array(16).fill(3),
    key: new Uint8Array(32).fill(4),
    ...change,
  }
}

const STATE: IndexState = {
  models: [entry({ name: 'm' })],
  tenants: [{ name: 'a', role: 'owner', createdAt: unixSeconds(7), keys: [], details: {} }],
}

function opened(bytes: Uint8Array, key = STORE_KEY): IndexState {
  return openIndex(parseSealedIndex(bytes), key)
}

describe('a sealed index', () => {
  const sealed = sealIndex(HEADER, STORE_KEY, STATE)

  test('comes back as it was sealed', () => {
    expect(parseSealedIndex(sealed).header).toEqual(HEADER)
    expect(opened(sealed)).toEqual(STATE)
  })

  test('of version 1 opens, and what it names is version 1 of its name', () => {
    expect(parseSealedIndex(INDEX_OF_VERSION_1).header).toEqual(HEADER)
    const { models, tenants } = opened(INDEX_OF_VERSION_1)
    const old = { grants: ['bob'], details: { kind: 'onnx' } }
    const nameless = entry({ ...old, owner: 'bob', blob: new Uint8Array(16).fill(5) })
    expect(models).toEqual([entry({ ...old, name: 'm' }), nameless])
    expect(tenants).toEqual([])
    const state = withEntry({ models, tenants }, entry({ name: 'm', version: 1, sha256: 'cd'.repeat(32) }))
    expect(state.models.map(({ name, version }) => [name, version])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      ['m', 1],
    ])
    expect(opened(sealIndex(HEADER, STORE_KEY, { models, tenants }))).toEqual({ models, tenants })
  })

  test('is sealed anew each time: equal content, other bytes', () => {
    expect(sealIndex(HEADER, STORE_KEY, STATE)).not.toEqual(sealed)
  })

  test('does not open under another key', () => {
    expect(() => opened(sealed, randomBytes(32))).toThrowError(expect.objectContaining(refusal('INDEX_NOT_AUTHENTIC')))
  })

  test('is refused at every truncation and with every byte after it', () => {
    for (let length = 0; length < sealed.byteLength; length++) {
      expect(() => opened(sealed.subarray(0, length))).toThrowError(expect.objectContaining(refusal('INDEX_MALFORMED')))
    }
    expect(() => opened(new Uint8Array([...sealed, 0]))).toThrowError(
      expect.objectContaining(refusal('INDEX_MALFORMED')),
    )
  })

  test('is refused with any bit flipped', () => {
    for (let at = 0; at < sealed.byteLength; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = sealed.slice()
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(() => opened(changed), `byte ${at} bit ${bit}`).toThrowError(
          expect.objectContaining({ code: expect.stringMatching(/^INDEX_(MALFORMED|NOT_AUTHENTIC)$/) }),
        )
      }
    }
  })

  test('is refused as any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const bytes = new Uint8Array([...sealed.subarray(0, 12), ...tail])
        expect(() => opened(bytes)).toThrowError(expect.objectContaining({ name: 'StoreError' }))
      }),
    )
  })
})

describe('the wrapped key of a blob', () => {
  test('opens for its own model only', () => {
    const keys = new StoreKeys(HEADER.storeId, STORE_KEY)
    const wrapped = keys.wrap(entry())
    expect(keys.unwrap(entry(), wrapped)).toEqual(entry().key)
    for (const other of [{ owner: 'bob' }, { sha256: 'cd'.repeat(32) }, { blob: new Uint8Array(16).fill(5) }]) {
      expect(() => keys.unwrap(entry(other), wrapped)).toThrowError(
        expect.objectContaining(refusal('INDEX_NOT_AUTHENTIC')),
      )
    }
    expect(() => keys.unwrap(entry(), wrapped.subarray(0, 5))).toThrowError(
      expect.objectContaining(refusal('INDEX_NOT_AUTHENTIC')),
    )
  })
})

const PLAIN: KeyWrap = { wrap: ({ key }) => key, unwrap: (_, wrapped) => wrapped }

describe('the content of an index', () => {
  const model = {
    owner: 'alice',
    sha256: 'ab'.repeat(32),
    bytes: 1,
    createdAt: 0,
    grants: [],
    details: {},
    blob: '03'.repeat(16),
    key: 'AAAA',
  }
  const tenant = {
    name: 'a',
    role: 'owner',
    createdAt: 7,
    keys: [{ sha256: 'ab'.repeat(32), createdAt: 7 }],
    details: {},
  }
  const parse = (content: object): IndexState =>
    parseIndex(utf8(JSON.stringify({ version: 2, models: [], tenants: [], ...content })), PLAIN)

  test('is read when it is as it must be', () => {
    expect(parse({ models: [model], tenants: [tenant] }).models).toHaveLength(1)
    const next = { ...model, name: 'm', version: 2, sha256: 'cd'.repeat(32), blob: '04'.repeat(16) }
    expect(parse({ models: [{ ...model, name: 'm' }, next] }).models).toMatchObject([{ name: 'm' }, { version: 2 }])
  })

  test('is written as version 2, which a program that knows version 1 alone refuses by its number', () => {
    const written: { version: unknown } = JSON.parse(fromUtf8('index', encodeIndex(STATE, PLAIN)))
    expect(written.version).toBe(2)
    expect(parse({ models: [model], version: 1 })).toEqual(parse({ models: [model], version: 2 }))
  })

  test.each([
    ['of a later version', { version: 3 }, 'WRONG_VALUE'],
    ['of a version before the first', { version: 0 }, 'WRONG_VALUE'],
    ['of a version that is text', { version: '2' }, 'WRONG_VALUE'],
    ['with an unknown member', { more: 1 }, 'UNKNOWN_MEMBER'],
    ['with models that are no list', { models: {} }, 'WRONG_TYPE'],
    ['with a model twice', { models: [model, { ...model, blob: '04'.repeat(16) }] }, 'WRONG_VALUE'],
    ['with a blob twice', { models: [model, { ...model, owner: 'bob' }] }, 'WRONG_VALUE'],
    ['with a version that is none', { models: [{ ...model, name: 'm', version: 0 }] }, 'WRONG_VALUE'],
    [
      'with a version of a name twice',
      {
        models: [
          { ...model, name: 'm' },
          { ...model, name: 'm', version: 1, sha256: 'cd'.repeat(32), blob: '04'.repeat(16) },
        ],
      },
      'WRONG_VALUE',
    ],
    [
      'with a name twice',
      {
        models: [
          { ...model, name: 'm' },
          { ...model, name: 'm', sha256: 'cd'.repeat(32), blob: '04'.repeat(16) },
        ],
      },
      'WRONG_VALUE',
    ],
    ['with a model without a blob', { models: [{ ...model, blob: undefined }] }, 'MISSING_MEMBER'],
    ['with an upper-case digest', { models: [{ ...model, sha256: 'AB'.repeat(32) }] }, 'WRONG_VALUE'],
    ['with a negative length', { models: [{ ...model, bytes: -1 }] }, 'WRONG_VALUE'],
    ['with a time after the year 9999', { models: [{ ...model, createdAt: 253_402_300_800 }] }, 'WRONG_VALUE'],
    ['with an owner of no letters', { models: [{ ...model, owner: '' }] }, 'WRONG_VALUE'],
    ['with details that are a list', { models: [{ ...model, details: [] }] }, 'WRONG_TYPE'],
    ['with a key that is no base64url', { models: [{ ...model, key: 'A' }] }, 'NOT_BASE64URL'],
    ['with a tenant twice', { tenants: [tenant, { ...tenant, keys: [] }] }, 'WRONG_VALUE'],
    ['with an API key of two tenants', { tenants: [tenant, { ...tenant, name: 'b' }] }, 'WRONG_VALUE'],
    ['with a tenant of no time', { tenants: [{ ...tenant, createdAt: undefined }] }, 'MISSING_MEMBER'],
    ['with quotas that are text', { tenants: [{ ...tenant, details: 'many' }] }, 'WRONG_TYPE'],
    ['with an API key of no time', { tenants: [{ ...tenant, keys: [{ sha256: 'ab'.repeat(32) }] }] }, 'MISSING_MEMBER'],
    ['with an API key itself', { tenants: [{ ...tenant, keys: [{ ...tenant.keys[0], key: 'x' }] }] }, 'UNKNOWN_MEMBER'],
  ])('is refused %s', (_, content, code) => {
    expect(() => parse(content)).toThrowError(expect.objectContaining({ name: 'MalformedError', code }))
  })
})

describe('the nonce of a chunk', () => {
  test('differs for every chunk and for the last of them', () => {
    const hex = (chunk: number, isLast: boolean): string => Buffer.from(chunkNonce(chunk, isLast)).toString('hex')
    expect(hex(0, false)).toBe('000000000000000000000000')
    expect(hex(0, true)).toBe('000000000000000000000001')
    expect(hex(258, false)).toBe('000000000000000000010200')
    expect(() => chunkNonce(2 ** 32, false)).toThrowError(RangeError)
  })
})
