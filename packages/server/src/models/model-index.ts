import { ModelError } from './model-error.ts'
import { type ModelRecord, modelKey, parseFullName, versionOf } from './repository.ts'

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

  put(record: ModelRecord): void {
    const own = this.#models.get(record.owner) ?? new Map<string, ModelRecord>()
    this.#models.set(record.owner, own)
    own.set(record.sha256, record)
  }

  /**
   * The number of a model that is given a name: one more than the newest that has it, or its own when it is that one. A
   * number is free again once every later version is deleted: nothing is remembered of what is gone.
   */
  versionFor(owner: string, name: string, sha256: string): number {
    const newest = namesakes(this.#models.get(owner), name).at(-1)
    if (newest === undefined) return 1
    return newest.sha256 === sha256 ? versionOf(newest) : versionOf(newest) + 1
  }

  remove(owner: string, sha256: string): ModelRecord | undefined {
    const own = this.#models.get(owner)
    const record = own?.get(sha256)
    own?.delete(sha256)
    if (own?.size === 0) this.#models.delete(owner)
    return record
  }

  /** @throws {ModelError} `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`. */
  resolve(tenant: string, reference: string, version?: string): ModelRecord {
    const versions = this.versions(tenant, reference)
    const isMeant = (record: ModelRecord): boolean =>
      version === undefined || version === record.sha256 || version === String(versionOf(record))
    const record = versions.findLast(isMeant)
    if (record === undefined) throw new ModelError('VERSION_NOT_FOUND', {})
    return record
  }

  /** Oldest first, and at least one. @throws {ModelError} `MODEL_NOT_FOUND`. */
  versions(tenant: string, reference: string): ModelRecord[] {
    const known = this.#byDigest(tenant, reference)
    const versions = known === undefined ? this.#byName(tenant, reference) : [known]
    if (versions.length === 0) throw new ModelError('MODEL_NOT_FOUND', {})
    return versions
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
  #byName(tenant: string, reference: string): ModelRecord[] {
    const { owner, name } = parseFullName(reference) ?? { owner: tenant, name: reference }
    const versions = namesakes(this.#models.get(owner), name)
    return owner === tenant ? versions : versions.filter((record) => isGranted(record, tenant))
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

/** The versions of a name, oldest first. */
function namesakes(models: ReadonlyMap<string, ModelRecord> | undefined, name: string): ModelRecord[] {
  const versions: ModelRecord[] = []
  for (const record of models?.values() ?? []) if (record.name === name) versions.push(record)
  return versions.length < 2 ? versions : versions.sort((a, b) => versionOf(a) - versionOf(b))
}

function isGranted(record: ModelRecord, tenant: string): boolean {
  return record.grants.includes(tenant) || record.grants.includes(EVERYBODY)
}
