import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that follow from two numbers, so that every process can make them. */
export interface Content {
  readonly seed: number
  readonly bytes: number
}

const remembered: Map<string, { readonly sha256: string; readonly data: Uint8Array }> = new Map()

/** The bytes and their digest. Remembered: the same few are asked for thousands of times. */
export function describeContent({ seed, bytes }: Content): { readonly sha256: string; readonly data: Uint8Array } {
  const key = `${seed}/${bytes}`
  const known = remembered.get(key)
  if (known !== undefined) return known
  const iv = Buffer.alloc(16)
  iv.writeUInt32BE(seed, 0)
  const data = new Uint8Array(createCipheriv('aes-128-ctr', Buffer.alloc(16), iv).update(Buffer.alloc(bytes)))
  const made = { sha256: createHash('sha256').update(data).digest('hex'), data }
  remembered.set(key, made)
  return made
}

/** Numbers that follow from a seed. Source: mulberry32, public domain. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
