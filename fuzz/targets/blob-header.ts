import { checkBlobHeader, encodeBlobHeader } from '../../packages/store/src/blob-format.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const BINDING = { owner: 'acme', sha256: 'ab'.repeat(32) }
const SECRET = { id: new Uint8Array(16).fill(1), key: new Uint8Array(32).fill(2) }

/** Only one header is right, so what is found is refusals. */
export const target: FuzzTarget = {
  sources: ['packages/store/src/blob-format.ts'],
  seeds: [written(encodeBlobHeader(BINDING, SECRET))],
  parse: (bytes) => checkBlobHeader(bytes, BINDING, SECRET),
  refuses: { StoreError: ['BLOB_HEADER_REFUSED', 'BLOB_NOT_AUTHENTIC'] },
}
