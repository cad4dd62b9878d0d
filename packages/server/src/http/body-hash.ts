import { createHash } from 'node:crypto'
import type { BodyDigest } from '@blindai/receipts'

/** The digest of a body as its pieces pass. */
export class BodyHash {
  readonly #hash = createHash('sha256')
  #bytes = 0

  add(pieces: readonly Uint8Array[]): this {
    for (const piece of pieces) {
      this.#hash.update(piece)
      this.#bytes += piece.byteLength
    }
    return this
  }

  digest(): BodyDigest {
    return { sha256: this.#hash.digest(), bytes: this.#bytes }
  }
}
