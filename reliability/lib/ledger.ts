import { createHash } from 'node:crypto'
import { isStoreError, type SealedStore } from '@blindai/store'
import { type Content, describeContent } from './content.ts'

/** What a caller may believe of a model: acknowledged as there or as gone, or asked for and not yet answered. */
type Belief = 'present' | 'absent' | 'unknown'

/** A promise that the store broke. */
export interface Violation {
  readonly kind: 'lost' | 'corrupt' | 'returned' | 'refused to open' | 'invented'
  readonly model: string
}

/** Whose a model is, and its bytes; or a tenant, and its API key. */
export interface Upload {
  readonly owner: string
  readonly content: Content
  readonly name?: string
  readonly isTenant?: boolean
}

/**
 * What was acknowledged, as somebody outside of the store wrote it down, and whether a store keeps it.
 *
 * Acknowledged uploads are there and whole; acknowledged deletes stay gone; what was never answered is there and whole, or
 * not there.
 */
export class Ledger {
  readonly #beliefs: Map<string, { readonly upload: Upload; readonly belief: Belief }> = new Map()

  /** How many requests were asked for. */
  requests = 0

  /** Somebody asked for an upload or a delete. */
  ask(upload: Upload): void {
    this.requests++
    this.#beliefs.set(keyOf(upload), { upload, belief: 'unknown' })
  }

  acknowledge(upload: Upload, belief: 'present' | 'absent'): void {
    this.#beliefs.set(keyOf(upload), { upload, belief })
  }

  /** The request failed, and its author was told: as before, or done all the same. */
  fail(upload: Upload): void {
    this.#beliefs.set(keyOf(upload), { upload, belief: 'unknown' })
  }

  /** Whether a request was asked for and not answered. */
  get isAsking(): boolean {
    return [...this.#beliefs.values()].some(({ belief }) => belief === 'unknown')
  }

  /** Every broken promise. What was unknown is known from now on. */
  async check(store: SealedStore): Promise<Violation[]> {
    const violations: Violation[] = []
    const models = store.models.map(({ owner, sha256 }) => `${owner}/${sha256}`)
    const tenants = store.tenants.flatMap(({ name, keys }) => keys.map(({ sha256 }) => tenantKey(name, sha256)))
    const there = new Set([...models, ...tenants])
    for (const [key, { upload, belief }] of this.#beliefs) {
      const isThere = there.delete(key)
      if (belief === 'absent' && isThere) violations.push({ kind: 'returned', model: key })
      if (belief === 'present' && !isThere) violations.push({ kind: 'lost', model: key })
      if (isThere && upload.isTenant !== true) {
        const damage = await damageOf(store, upload)
        if (damage !== undefined) violations.push({ kind: damage, model: key })
      }
      this.acknowledge(upload, isThere ? 'present' : 'absent')
    }
    for (const key of there) violations.push({ kind: 'invented', model: key })
    return violations
  }

  /** The same beliefs, to be checked without learning from it. */
  copy(): Ledger {
    const copy = new Ledger()
    for (const [key, value] of this.#beliefs) copy.#beliefs.set(key, value)
    return copy
  }
}

/** A model that is listed and cannot be read is lost; one whose bytes are others is worse. */
async function damageOf(store: SealedStore, { owner, content }: Upload): Promise<'lost' | 'corrupt' | undefined> {
  const { sha256 } = describeContent(content)
  const hash = createHash('sha256')
  try {
    for await (const chunk of store.read({ owner, sha256 })) hash.update(chunk)
  } catch (error) {
    if (!isStoreError(error)) throw error
    return 'lost'
  }
  return hash.digest('hex') === sha256 ? undefined : 'corrupt'
}

function keyOf({ owner, content, isTenant }: Upload): string {
  const { sha256 } = describeContent(content)
  return isTenant === true ? tenantKey(owner, sha256) : `${owner}/${sha256}`
}

function tenantKey(name: string, sha256: string): string {
  return `tenant ${name}/${sha256}`
}
