import { ModelError } from './model-error.ts'
import { type ModelRecord, modelKey, nameFor, parseFullName, versionOf } from './repository.ts'

/** The grant that means every tenant. */
export const EVERYBODY = '*'

/**
 * Which models there are and who may see them. In memory, whatever keeps the bytes.
 *
 * Nothing here tells a model that belongs to somebody else from one that is not there: a look-up goes through what the tenant
 * owns and what was granted to it or to all, and comes near no other model, so that the time it takes tells nothing either.
 */
export class ModelIndex {
  /** By owner, then by digest, both in the order of arrival. */
  readonly #models: Map<string, Map<string, ModelRecord>> = new Map()
  /** By who may run them (`*` for all), then by what it may call them: digest and full name. */
  readonly #granted: Map<string, Map<string, ModelRecord[]>> = new Map()

  find(owner: string, sha256: string): ModelRecord | undefined {
    return this.#models.get(owner)?.get(sha256)
  }

  put(record: ModelRecord): void {
    const own = this.#models.get(record.owner) ?? new Map<string, ModelRecord>()
    this.#models.set(record.owner, own)
    this.#replace(own, record)
  }

  /**
   * The number of a model that is given a name: one more than the newest that has it, or its own when it is that one. A
   * number is free again once every later version is deleted: nothing is remembered of what is gone.
   */
  versionFor(owner: string, name: string, sha256: string): number {
    const newest = namesakes(this.#models.get(owner)?.values() ?? [], name).at(-1)
    if (newest === undefined) return 1
    return newest.sha256 === sha256 ? versionOf(newest) : versionOf(newest) + 1
  }

  remove(owner: string, sha256: string): ModelRecord | undefined {
    const own = this.#models.get(owner)
    const record = own?.get(sha256)
    if (record !== undefined) this.#hide(record)
    own?.delete(sha256)
    if (own?.size === 0) this.#models.delete(owner)
    return record
  }

  /** Removes a tenant's models and what was granted to it; gives the models. */
  removeTenant(name: string): ModelRecord[] {
    const removed = this.owned(name)
    for (const { sha256 } of removed) this.remove(name, sha256)
    for (const record of this.#grantedTo(name)) {
      this.put({ ...record, grants: record.grants.filter((grant) => grant !== name) })
    }
    return removed
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
    const granted = [...this.#grantedTo(tenant), ...this.#grantedTo(EVERYBODY)]
    const others = granted.filter(({ owner }) => owner !== tenant)
    const distinct = new Map(others.map((record) => [modelKey(record), record]))
    return [...this.owned(tenant), ...distinct.values()].sort((a, b) => a.createdAt - b.createdAt)
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
    return this.find(tenant, sha256) ?? this.#grantedAs(tenant, sha256).find((record) => record.sha256 === sha256)
  }

  /** A bare name never leads to somebody else's model: who owns one could take it over, or stand in its way. */
  #byName(tenant: string, reference: string): ModelRecord[] {
    const { owner, name } = parseFullName(reference) ?? { owner: tenant, name: reference }
    if (owner === tenant) return namesakes(this.#models.get(owner)?.values() ?? [], name)
    return namesakes(this.#grantedAs(tenant, reference), name)
  }

  /** What was granted to the tenant or to all, and is called so. */
  #grantedAs(tenant: string, reference: string): ModelRecord[] {
    const records = [tenant, EVERYBODY].flatMap((grantee) => this.#granted.get(grantee)?.get(reference) ?? [])
    return [...new Set(records)]
  }

  #grantedTo(grantee: string): ModelRecord[] {
    return [...(this.#granted.get(grantee) ?? [])].flatMap(([reference, records]) =>
      records.filter(({ sha256 }) => sha256 === reference),
    )
  }

  #replace(own: Map<string, ModelRecord>, record: ModelRecord): void {
    const former = own.get(record.sha256)
    if (former !== undefined) this.#hide(former)
    own.set(record.sha256, record)
    for (const grantee of record.grants) {
      const visible = this.#granted.get(grantee) ?? new Map<string, ModelRecord[]>()
      this.#granted.set(grantee, visible)
      for (const reference of referencesOf(record)) visible.set(reference, [...(visible.get(reference) ?? []), record])
    }
  }

  #hide(record: ModelRecord): void {
    for (const grantee of record.grants) {
      const visible = this.#granted.get(grantee)
      for (const reference of referencesOf(record)) {
        const left = visible?.get(reference)?.filter((other) => other !== record) ?? []
        if (left.length === 0) visible?.delete(reference)
        else visible?.set(reference, left)
      }
      if (visible?.size === 0) this.#granted.delete(grantee)
    }
  }
}

/** What others may call a model. */
function referencesOf(record: ModelRecord): string[] {
  const name = nameFor(EVERYBODY, record)
  return name === undefined ? [record.sha256] : [record.sha256, name]
}

/** The versions of a name, oldest first. */
function namesakes(models: Iterable<ModelRecord>, name: string): ModelRecord[] {
  const versions: ModelRecord[] = []
  for (const record of models) if (record.name === name) versions.push(record)
  return versions.length < 2 ? versions : versions.sort((a, b) => versionOf(a) - versionOf(b))
}
