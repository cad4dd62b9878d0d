import { randomBytes } from 'node:crypto'
import {
  ByteReader,
  concatBytes,
  equalBytes,
  fromUtf8,
  isMalformedError,
  MalformedError,
  u32be,
  utf8,
} from '@blindai/core'
import { deriveKey, NONCE_BYTES, open, SUITE, seal, TAG_BYTES } from './aead.ts'
import { encodeIndex, type KeyWrap, parseIndex } from './index-json.ts'
import type { IndexEntry, IndexState } from './index-state.ts'
import { KEY_SOURCE_KINDS, type KeySourceKind, MAX_SEALED_KEY_BYTES } from './key-source.ts'
import { StoreError } from './store-error.ts'

/**
 * The sealed index: one file that is always written whole.
 *
 * magic `BLINDIDX`, version u16, suite u16, store id (16 bytes), generation u64, key source (u8 length, ASCII), sealed
 * store key (u16 length), nonce (12 bytes), ciphertext and tag (u32 length). Numbers are big-endian; nothing follows.
 * Everything before the ciphertext is its additional data.
 */
export const MAX_INDEX_BYTES: number = 32 * 1024 * 1024
export const STORE_ID_BYTES = 16

const MAGIC = utf8('BLINDIDX')
const VERSION = 1

/** What an index says before it is opened. Nothing of it counts until it was. */
export interface IndexHeader {
  readonly storeId: Uint8Array
  readonly generation: number
  readonly keySource: KeySourceKind
  /** The store key, as the key source sealed it. */
  readonly sealedKey: Uint8Array
}

/** An index whose content is still sealed. */
export interface SealedIndex {
  readonly header: IndexHeader
  readonly nonce: Uint8Array
  readonly aad: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * The bytes of an index. The nonce is random: a store that was put back to an earlier state must not use one again.
 *
 * @throws {StoreError} `INDEX_TOO_LARGE`.
 */
export function sealIndex(header: IndexHeader, storeKey: Uint8Array, state: IndexState): Uint8Array {
  const keys = new StoreKeys(header.storeId, storeKey)
  const plaintext = encodeIndex(state, keys)
  const nonce = randomBytes(NONCE_BYTES)
  const aad = concatBytes(encodeHeader(header), nonce, u32be(plaintext.byteLength + TAG_BYTES))
  const bytes = aad.byteLength + plaintext.byteLength + TAG_BYTES
  if (bytes > MAX_INDEX_BYTES) throw new StoreError('INDEX_TOO_LARGE', { bytes, limit: MAX_INDEX_BYTES })
  return concatBytes(aad, seal(keys.index, nonce, aad, plaintext))
}

/** @throws {StoreError} `INDEX_MALFORMED`. */
export function parseSealedIndex(bytes: Uint8Array): SealedIndex {
  try {
    const r = new ByteReader('index', bytes)
    if (!equalBytes(r.bytes(0, 8, 'magic'), MAGIC)) throw wrong('index magic', 'BLINDIDX')
    if (r.u16be(8, 'version') !== VERSION) throw wrong('index version', '1')
    if (r.u16be(10, 'suite') !== SUITE) throw wrong('index suite', '1')
    const storeId = r.bytes(12, STORE_ID_BYTES, 'store id')
    const generation = Number(r.u64be(28, 'generation'))
    if (!Number.isSafeInteger(generation)) throw wrong('index generation', 'a number below 2^53')
    const keySource = parseKind(fromUtf8('index key source', r.bytes(37, r.u8(36, 'key source length'), 'key source')))
    const keyLength = r.u16be(r.offset, 'sealed key length')
    if (keyLength > MAX_SEALED_KEY_BYTES) {
      throw new MalformedError('TOO_LONG', {
        field: 'index sealed key',
        length: keyLength,
        limit: MAX_SEALED_KEY_BYTES,
      })
    }
    const sealedKey = r.bytes(r.offset, keyLength, 'sealed key')
    const nonce = r.bytes(r.offset, NONCE_BYTES, 'nonce')
    const length = r.u32be(r.offset, 'ciphertext length')
    const aad = bytes.slice(0, r.offset)
    const ciphertext = r.bytes(r.offset, length, 'ciphertext')
    r.end()
    return { header: { storeId, generation, keySource, sealedKey }, nonce, aad, ciphertext }
  } catch (cause) {
    throw malformed(cause)
  }
}

/** @throws {StoreError} `INDEX_NOT_AUTHENTIC`, `INDEX_MALFORMED`. */
export function openIndex({ header, nonce, aad, ciphertext }: SealedIndex, storeKey: Uint8Array): IndexState {
  const keys = new StoreKeys(header.storeId, storeKey)
  const plaintext = open(keys.index, nonce, aad, ciphertext)
  if (plaintext === undefined) throw new StoreError('INDEX_NOT_AUTHENTIC', {})
  try {
    return parseIndex(plaintext, keys)
  } catch (cause) {
    throw malformed(cause)
  }
}

/** The keys that follow from a store key: one for the index, one that wraps the keys of blobs. */
export class StoreKeys implements KeyWrap {
  readonly index: Uint8Array
  readonly #storeId: Uint8Array
  readonly #wrap: Uint8Array

  constructor(storeId: Uint8Array, storeKey: Uint8Array) {
    this.#storeId = storeId
    this.index = deriveKey(storeKey, storeId, 'blindai.store.index.v1')
    this.#wrap = deriveKey(storeKey, storeId, 'blindai.store.wrap.v1')
  }

  wrap(entry: IndexEntry): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    return concatBytes(nonce, seal(this.#wrap, nonce, this.#context(entry), entry.key))
  }

  unwrap(entry: Omit<IndexEntry, 'key'>, wrapped: Uint8Array): Uint8Array {
    if (wrapped.byteLength < NONCE_BYTES) throw new StoreError('INDEX_NOT_AUTHENTIC', {})
    const key = open(this.#wrap, wrapped.subarray(0, NONCE_BYTES), this.#context(entry), wrapped.subarray(NONCE_BYTES))
    if (key === undefined) throw new StoreError('INDEX_NOT_AUTHENTIC', {})
    return key
  }

  /** A wrapped key opens for this store, this blob and this model only. */
  #context({ owner, sha256, blob }: Omit<IndexEntry, 'key'>): Uint8Array {
    return concatBytes(utf8('blindai.store.wrap.v1\0'), this.#storeId, blob, utf8(sha256), utf8(owner))
  }
}

function encodeHeader({ storeId, generation, keySource, sealedKey }: IndexHeader): Uint8Array {
  const numbers = new Uint8Array(4)
  const view = new DataView(numbers.buffer)
  view.setUint16(0, VERSION)
  view.setUint16(2, SUITE)
  const count = new Uint8Array(8)
  new DataView(count.buffer).setBigUint64(0, BigInt(generation))
  const kind = utf8(keySource)
  if (sealedKey.byteLength > MAX_SEALED_KEY_BYTES) throw new RangeError('the key source gave too long a key')
  const keyLength = u32be(sealedKey.byteLength).subarray(2)
  return concatBytes(MAGIC, numbers, storeId, count, new Uint8Array([kind.byteLength]), kind, keyLength, sealedKey)
}

function parseKind(text: string): KeySourceKind {
  for (const kind of KEY_SOURCE_KINDS) if (kind === text) return kind
  throw wrong('index key source', `one of ${KEY_SOURCE_KINDS.join(', ')}`)
}

function wrong(field: string, expected: string): MalformedError {
  return new MalformedError('WRONG_VALUE', { field, expected })
}

function malformed(cause: unknown): unknown {
  return isMalformedError(cause) ? new StoreError('INDEX_MALFORMED', { problem: cause.message }, { cause }) : cause
}
