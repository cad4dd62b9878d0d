import { hash, timingSafeEqual } from 'node:crypto'
import { fromHex } from '@blindai/core'
import { MAX_API_KEY_CHARACTERS } from './api-key.ts'
import type { Tenant, TenantConfig } from './tenant.ts'

/**
 * Who holds which API key. Keeps hashes only.
 *
 * A look-up compares with every hash, always all of them and each in constant time, so its duration tells neither which
 * tenant matched nor how near a wrong key came.
 */
export class TenantDirectory {
  readonly #entries: readonly { readonly tenant: Tenant; readonly digest: Uint8Array }[]

  constructor(tenants: readonly TenantConfig[]) {
    this.#entries = tenants.map(({ name, role, keySha256 }) => ({
      tenant: { name, role },
      digest: fromHex('keySha256', keySha256),
    }))
  }

  /** The tenant of a key, or undefined. */
  find(apiKey: string): Tenant | undefined {
    if (apiKey.length > MAX_API_KEY_CHARACTERS) return undefined
    const digest = hash('sha256', apiKey, 'buffer')
    let found: Tenant | undefined
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, digest)) found = entry.tenant
    return found
  }
}
