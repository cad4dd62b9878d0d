import { createHash, hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'

/** Larger files are hashed in pieces of this size instead of being held. */
const PIECE_BYTES = 256 * 1024

/** The SHA-256 of a whole file, synchronously: hundreds of small ones are fastest so. Lower-case hex. */
export function hashFile(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    if (fstatSync(descriptor).size <= PIECE_BYTES) return hash('sha256', readFileSync(descriptor), 'hex')
    const running = createHash('sha256')
    const piece = new Uint8Array(PIECE_BYTES)
    for (;;) {
      const length = readSync(descriptor, piece, 0, PIECE_BYTES, null)
      if (length === 0) return running.digest('hex')
      running.update(piece.subarray(0, length))
    }
  } finally {
    closeSync(descriptor)
  }
}
