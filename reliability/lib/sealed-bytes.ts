import { CHUNK_BYTES } from '@blindai/store'

/** Sealed bytes as somebody without the key sees them, and what may be done to them. */

export const HEADER_BYTES = 48
const SEALED_CHUNK: number = CHUNK_BYTES + 16

/** Changes one sealed file; gives what it is then. */
type Change = (victim: Uint8Array, neighbour: Uint8Array) => Uint8Array

export const CHANGES: readonly {
  readonly title: string
  readonly codes: readonly string[]
  readonly change: Change
}[] = [
  { title: 'cut to nothing', codes: ['BLOB_WRONG_LENGTH'], change: () => new Uint8Array(0) },
  { title: 'a byte cut off', codes: ['BLOB_WRONG_LENGTH'], change: (v) => v.subarray(0, -1) },
  { title: 'the last chunk cut off', codes: ['BLOB_WRONG_LENGTH'], change: (v) => v.subarray(0, startOf(3)) },
  { title: 'a byte added', codes: ['BLOB_WRONG_LENGTH'], change: (v) => joined(v, new Uint8Array(1)) },
  {
    title: 'its last chunk added again',
    codes: ['BLOB_WRONG_LENGTH'],
    change: (v) => joined(v, v.subarray(startOf(3))),
  },
  {
    title: 'two chunks swapped',
    codes: ['BLOB_NOT_AUTHENTIC'],
    change: (v) => withChunk(withChunk(v, 0, chunkOf(v, 1)), 1, chunkOf(v, 0)),
  },
  { title: 'a chunk twice', codes: ['BLOB_NOT_AUTHENTIC'], change: (v) => withChunk(v, 1, chunkOf(v, 0)) },
  {
    title: 'a chunk of another model',
    codes: ['BLOB_NOT_AUTHENTIC'],
    change: (v, n) => withChunk(v, 1, chunkOf(n, 1)),
  },
  {
    title: 'the body of another model',
    codes: ['BLOB_NOT_AUTHENTIC'],
    change: (v, n) => joined(v.subarray(0, HEADER_BYTES), n.subarray(HEADER_BYTES)),
  },
  { title: 'the blob of another model', codes: ['BLOB_HEADER_REFUSED'], change: (_, n) => n },
  { title: 'zeros', codes: ['BLOB_HEADER_REFUSED'], change: (v) => new Uint8Array(v.byteLength) },
]

export function startOf(chunk: number): number {
  return HEADER_BYTES + chunk * SEALED_CHUNK
}

function chunkOf(blob: Uint8Array, chunk: number): Uint8Array {
  return blob.slice(startOf(chunk), startOf(chunk + 1))
}

function withChunk(blob: Uint8Array, chunk: number, bytes: Uint8Array): Uint8Array {
  const changed = blob.slice()
  changed.set(bytes, startOf(chunk))
  return changed
}

export function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = new Uint8Array(bytes)
  changed[at] = (changed[at] ?? 0) ^ (1 << bit)
  return changed
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
