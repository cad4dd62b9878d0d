import { randomBytes } from 'node:crypto'
import { concatBytes, utf8 } from '@blindai/core'
import { KEY_BYTES, NONCE_BYTES, open, seal } from './aead.ts'
import type { KeySource, KeySourceKind } from './key-source.ts'
import { StoreError } from './store-error.ts'

/** A source whose root key is made here and is gone with the process. */
export function ephemeralKeySource(): KeySource {
  const root = randomBytes(KEY_BYTES)
  return {
    kind: 'ephemeral',
    seal: async (key) => sealWithRoot('ephemeral', root, key),
    unseal: async (sealed) => unsealWithRoot('ephemeral', root, sealed),
  }
}

/** A nonce, then the sealed key. */
export function sealWithRoot(kind: KeySourceKind, root: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  return concatBytes(nonce, seal(root, nonce, context(kind), key))
}

/** @throws {StoreError} `KEY_NOT_RELEASED`. */
export function unsealWithRoot(kind: KeySourceKind, root: Uint8Array, sealed: Uint8Array): Uint8Array {
  const key = open(root, sealed.subarray(0, NONCE_BYTES), context(kind), sealed.subarray(NONCE_BYTES))
  if (sealed.byteLength <= NONCE_BYTES || key?.byteLength !== KEY_BYTES) {
    throw new StoreError('KEY_NOT_RELEASED', { source: kind })
  }
  return key
}

function context(kind: KeySourceKind): Uint8Array {
  return utf8(`blindai.store.root.v1\0${kind}`)
}
