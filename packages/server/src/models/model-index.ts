import { ModelError } from './model-error.ts'
import { type ModelRecord, modelKey } from './repository.ts'

/** The grant that means every tenant. */
export const EVERYBODY = '*'

/**
 * Which models there are and who may see them. In memory, whatever keeps the bytes.
 *
 * Nothing here tells a model that belongs to somebody else from one that is not there.
 */
export class ModelIndex {
  /** By owner, then by digest, both in the order of arrival. */
  readonly #models: Map<string, Map<string, ModelRecord>> = new Map()

  find(owner: string, sha256: string): ModelRecord | undefined {
    return this.#models.get(owner)?.get(sha256)
  }

  /** Puts a record in; a name that another model of the owner had is that model's no more. */
  put(record: ModelRecord): void {
    const own = this.#models.get(record.owner) ?? new Map<string, ModelRecord>()
    this.#models.set(record.owner, own)
    if (record.name !== undefined) {
      const namesake = findByName(own, record.name)
      if (namesake !== undefined && namesake.sha256 !== record.sha256) {
        const { name: _, ...nameless } = namesake
        own.set(namesake.sha256, nameless)
      }
    }
    own.set(record.sha256, record)
  }

  remove(owner: string, sha256: string): ModelRecord | undefined {
    const own = this.#models.get(owner)
    const record = own?.get(sha256)
    own?.delete(sha256)
    if (own?.size === 0) this.#models.delete(owner)
    return record
  }

  /** @throws {ModelError} `MODEL_NOT_FOUND`, `MODEL_AMBIGUOUS`. */
  resolve(tenant: string, reference: string): ModelRecord {
    const own = this.#models.get(tenant)
    const mine = own?.get(reference) ?? (own === undefined ? undefined : findByName(own, reference))
    if (mine !== undefined) return mine
    const granted = this.#grantedTo(tenant)
    const byDigest = granted.find((record) => record.sha256 === reference)
    if (byDigest !== undefined) return byDigest
    const [first, ...others] = granted.filter((record) => record.name === reference)
    if (first === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    if (others.some((other) => other.sha256 !== first.sha256)) {
      throw new ModelError('MODEL_AMBIGUOUS', { matches: 1 + others.length })
    }
    return first
  }

  list(tenant: string): ModelRecord[] {
    return [...this.owned(tenant), ...this.#grantedTo(tenant)].sort((a, b) => a.createdAt - b.createdAt)
  }

  owned(owner: string): ModelRecord[] {
    return [...(this.#models.get(owner)?.values() ?? [])]
  }

  keysOf(sha256: string): string[] {
    const keys: string[] = []
    for (const own of this.#models.values()) {
      const record = own.get(sha256)
      if (record !== undefined) keys.push(modelKey(record))
    }
    return keys
  }

  #grantedTo(tenant: string): ModelRecord[] {
    const granted: ModelRecord[] = []
    for (const [owner, own] of this.#models) {
      if (owner === tenant) continue
      for (const record of own.values()) if (isGranted(record, tenant)) granted.push(record)
    }
    return granted
  }
}

function findByName(models: ReadonlyMap<string, ModelRecord>, name: string): ModelRecord | undefined {
  for (const record of models.values()) if (record.name === name) return record
  return undefined
}

function isGranted(record: ModelRecord, tenant: string): boolean {
  return record.grants.includes(tenant) || record.grants.includes(EVERYBODY)
}
