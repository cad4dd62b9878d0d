import type { JsonObject, UnixSeconds } from '@blindai/core'
import type { BlobBinding } from './blob-format.ts'

/** A model as the index knows it. */
export interface StoredModel extends BlobBinding {
  /** Plaintext bytes. */
  readonly bytes: number
  readonly createdAt: UnixSeconds
  /** No two models of one owner have the same name and version. */
  readonly name?: string
  /** Tells the models of one name apart, from 1; 1 when absent. */
  readonly version?: number
  /** Tenants that may run it. */
  readonly grants: readonly string[]
  /** What the store keeps and does not look at. */
  readonly details: JsonObject
}

/** What of a model may change after it was stored. */
export type StoredModelChange = Partial<Pick<StoredModel, 'name' | 'version' | 'grants' | 'details'>>

/** A model in the index, with the key that opens its blob. */
export interface IndexEntry extends StoredModel {
  /** The id of its blob. */
  readonly blob: Uint8Array
  /** The blob's key, in the clear in memory only; wrapped by the store key in the index. */
  readonly key: Uint8Array
}

/** Somebody with API keys, of which only hashes are kept. */
export interface StoredTenant {
  readonly name: string
  readonly role: string
  readonly createdAt: UnixSeconds
  readonly keys: readonly StoredApiKey[]
  /** What the store keeps and does not look at. */
  readonly details: JsonObject
}

export interface StoredApiKey {
  /** Lower-case hex SHA-256 of the key's text. */
  readonly sha256: string
  readonly createdAt: UnixSeconds
  /** Not valid before this, where it is given. */
  readonly notBefore?: UnixSeconds
  /** Not valid from this on, where it is given. */
  readonly expiresAt?: UnixSeconds
}

/** All that the index holds. Values are never edited; a change gives a new one. */
export interface IndexState {
  /** In the order of arrival. */
  readonly models: readonly IndexEntry[]
  readonly tenants: readonly StoredTenant[]
}

export const EMPTY_STATE: IndexState = { models: [], tenants: [] }

export function findEntry({ models }: IndexState, { owner, sha256 }: BlobBinding): IndexEntry | undefined {
  return models.find((entry) => entry.owner === owner && entry.sha256 === sha256)
}

/**
 * Puts a model in, in the place of one of the same owner and digest. It takes its name over from another of the owner that
 * has the same version.
 */
export function withEntry(state: IndexState, added: IndexEntry): IndexState {
  const models: IndexEntry[] = []
  let isPlaced = false
  for (const entry of state.models) {
    if (entry.owner === added.owner && entry.sha256 === added.sha256) {
      models.push(added)
      isPlaced = true
    } else if (entry.name !== undefined && nameKey(entry) === nameKey(added)) {
      const { name: _, version: __, ...nameless } = entry
      models.push(nameless)
    } else models.push(entry)
  }
  if (!isPlaced) models.push(added)
  return { ...state, models }
}

/** What no two models have, if they have a name. */
export function nameKey({ owner, name, version = 1 }: Pick<StoredModel, 'owner' | 'name' | 'version'>): string {
  return `${owner}/${name}/${version}`
}

/** The state itself when there is no such model. */
export function withoutEntry(state: IndexState, model: BlobBinding): IndexState {
  const removed = findEntry(state, model)
  return removed === undefined ? state : { ...state, models: state.models.filter((entry) => entry !== removed) }
}

/** Without the tenant, its models and what others granted to it; the state itself when nothing of it is there. */
export function withoutTenant(state: IndexState, name: string): IndexState {
  const tenants = state.tenants.filter((tenant) => tenant.name !== name)
  const models = state.models.filter((entry) => entry.owner !== name).map((entry) => withoutGrant(entry, name))
  const isSame =
    tenants.length === state.tenants.length &&
    models.length === state.models.length &&
    models.every((entry, i) => entry === state.models[i])
  return isSame ? state : { tenants, models }
}

function withoutGrant(entry: IndexEntry, name: string): IndexEntry {
  return entry.grants.includes(name) ? { ...entry, grants: entry.grants.filter((grant) => grant !== name) } : entry
}
