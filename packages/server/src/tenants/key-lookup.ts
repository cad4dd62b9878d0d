import { hash, randomBytes } from 'node:crypto'
import { concatBytes, fromHex, type UnixSeconds } from '@blindai/core'
import { MAX_API_KEY_CHARACTERS } from './api-key.ts'
import type { Tenant } from './tenant.ts'
import { isValidAt } from './tenant-record.ts'

/** A key as it is looked up. */
export interface KnownKey {
  readonly tenant: Tenant
  /** Lower-case hex SHA-256 of the key's UTF-8 text. */
  readonly sha256: string
  readonly notBefore?: UnixSeconds
  readonly expiresAt?: UnixSeconds
}

/**
 * Who holds which API key. Keeps hashes only.
 *
 * Keys are found by a keyed hash under a secret of this process. What is presented decides nothing about where a look-up
 * goes that the presenter could foretell, so its duration tells neither which tenant matched nor how near a wrong key came,
 * and it takes the same for one tenant and for thousands. A key that is not valid now is one that is not known.
 */
export class KeyLookup {
  readonly #secret: Uint8Array = randomBytes(32)
  readonly #clock: () => UnixSeconds
  #keys: ReadonlyMap<string, KnownKey> = new Map()

  constructor(clock: () => UnixSeconds) {
    this.#clock = clock
  }

  /** Replaces all keys. */
  set(keys: readonly KnownKey[]): void {
    this.#keys = new Map(keys.map((key) => [this.#blinded(fromHex('keySha256', key.sha256)), key]))
  }

  /** The tenant of a key that is valid now, or undefined. */
  find(apiKey: string): Tenant | undefined {
    if (apiKey.length > MAX_API_KEY_CHARACTERS) return undefined
    const key = this.#keys.get(this.#blinded(hash('sha256', apiKey, 'buffer')))
    return key !== undefined && isValidAt(key, this.#clock()) ? key.tenant : undefined
  }

  /** SHA-256 of secret and digest: a sound keyed hash where both have one length and nobody is shown the result. */
  #blinded(digest: Uint8Array): string {
    return hash('sha256', concatBytes(this.#secret, digest), 'base64')
  }
}
