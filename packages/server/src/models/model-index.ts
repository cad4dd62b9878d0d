import { ModelError } from './model-error.ts'
import { type ModelRecord, modelKey, parseFullName } from './repository.ts'

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

  /** Removes a tenant's models and what was granted to it; gives the models. */
  removeTenant(name: string): ModelRecord[] {
    const removed = this.owned(name)
    this.#models.delete(name)
    for (const record of this.#grantedTo(name)) {
      if (!record.grants.includes(name)) continue
      this.put({ ...record, grants: record.grants.filter((grant) => grant !== name) })
    }
    return removed
  }

  /** @throws {ModelError} `MODEL_NOT_FOUND`. */
  resolve(tenant: string, reference: string): ModelRecord {
    const record = this.#byDigest(tenant, reference) ?? this.#byName(tenant, reference)
    if (record === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    return record
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

  /** An own model first; of granted ones any will do, since their bytes are the same. */
  #byDigest(tenant: string, sha256: string): ModelRecord | undefined {
    return this.find(tenant, sha256) ?? this.#grantedTo(tenant).find((record) => record.sha256 === sha256)
  }

  /** A bare name never leads to somebody else's model: who owns one could take it over, or stand in its way. */
  #byName(tenant: string, reference: string): ModelRecord | undefined {
    const { owner, name } = parseFullName(reference) ?? { owner: tenant, name: reference }
    const record = findByName(this.#models.get(owner), name)
    return record !== undefined && (owner === tenant || isGranted(record, tenant)) ? record : undefined
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

function findByName(models: ReadonlyMap<string, ModelRecord> | undefined, name: string): ModelRecord | undefined {
  for (const record of models?.values() ?? []) if (record.name === name) return record
  return undefined
}

function isGranted(record: ModelRecord, tenant: string): boolean {
  return record.grants.includes(tenant) || record.grants.includes(EVERYBODY)
}
