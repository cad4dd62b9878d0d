import { unixSeconds } from '@blindai/core'
import { encodeIndex, parseIndex } from '../../packages/store/src/index-json.ts'
import type { IndexEntry, IndexState } from '../../packages/store/src/index-state.ts'
import { JSON_TEXT, TEXT } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const ENTRY: IndexEntry = {
  owner: 'acme',
  sha256: 'ab'.repeat(32),
  bytes: 42,
  createdAt: unixSeconds(1_795_000_000),
  name: 'spam',
  grants: ['bob'],
  details: { kind: 'onnx' },
  blob: new Uint8Array(16).fill(1),
  key: new Uint8Array(32).fill(2),
}
const STATE: IndexState = {
  models: [ENTRY, { ...ENTRY, owner: 'bob', blob: new Uint8Array(16).fill(3) }],
  tenants: [
    {
      name: 'acme',
      role: 'owner',
      createdAt: unixSeconds(1_795_000_000),
      keys: [
        {
          sha256: 'cd'.repeat(32),
          createdAt: unixSeconds(1_795_000_000),
          notBefore: unixSeconds(1_795_000_001),
          expiresAt: unixSeconds(1_796_000_000),
        },
      ],
      details: { quotas: { maxModels: 3 } },
    },
  ],
}
/** Keys in the clear: unwrapping is a cipher, and no form. */
const KEYS = { wrap: ({ key }: IndexEntry) => key, unwrap: (_entry: unknown, wrapped: Uint8Array) => wrapped }

export const target: FuzzTarget<IndexState> = {
  sources: ['packages/store/src/index-json.ts'],
  seeds: [written(encodeIndex(STATE, KEYS), encodeIndex({ models: [], tenants: [] }, KEYS))],
  isText: true,
  parse: (bytes) => parseIndex(bytes, KEYS),
  write: (state) => encodeIndex(state, KEYS),
  refuses: joinRefusals(TEXT, JSON_TEXT, {
    MalformedError: ['MISSING_MEMBER', 'UNKNOWN_MEMBER', 'WRONG_TYPE', 'WRONG_VALUE', 'NOT_BASE64URL'],
  }),
}
