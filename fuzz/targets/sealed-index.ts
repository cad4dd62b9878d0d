import { concatBytes } from '@blindai/core'
import { parseSealedIndex, type SealedIndex, sealIndex } from '../../packages/store/src/index-format.ts'
import { EMPTY_STATE } from '../../packages/store/src/index-state.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const HEADER = { storeId: new Uint8Array(16).fill(1), generation: 7 }
const KEY = new Uint8Array(32)

export const target: FuzzTarget<SealedIndex> = {
  sources: ['packages/store/src/index-format.ts'],
  seeds: [
    written(
      sealIndex({ ...HEADER, keySource: 'file', sealedKey: new Uint8Array(60) }, KEY, EMPTY_STATE),
      sealIndex({ ...HEADER, keySource: 'ephemeral', sealedKey: new Uint8Array() }, KEY, EMPTY_STATE),
    ),
  ],
  parse: parseSealedIndex,
  // The additional data is all that comes before the ciphertext.
  write: ({ aad, ciphertext }) => concatBytes(aad, ciphertext),
  refuses: { StoreError: ['INDEX_MALFORMED'] },
}
