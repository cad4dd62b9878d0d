import type { KeySourceKind, StoredTenant } from '@blindai/store'
import type { ModelManifest, ModelRecord } from './repository.ts'

/**
 * Where bytes and records of models lie: in memory, or sealed on a disk. It keeps what it is told and knows no tenant's
 * rights and no limit; the repository does.
 *
 * @throws {ModelError} of every method: `DISK_FULL`, `STORE_FAILED`, and of reads `MODEL_DAMAGED`.
 */
export interface Vault {
  readonly keySource: KeySourceKind
  /** What an earlier process left, in the order of arrival. */
  readonly records: readonly ModelRecord[]
  readonly tenants: readonly StoredTenant[]
  /** Begins to take bytes. Nothing is anywhere before the first of them. */
  stage(owner: string, manifest: ModelManifest): StagedBytes
  /** Durable when it resolves. */
  change(record: ModelRecord): Promise<void>
  /** Durable when it resolves: the bytes can be read no more. */
  remove(record: ModelRecord): Promise<void>
  /** Replaces the tenants. Durable when it resolves. */
  setTenants(tenants: readonly StoredTenant[]): Promise<void>
  /** Removes a tenant, its models and what was granted to it, all or nothing. Durable when it resolves. */
  removeTenant(name: string): Promise<void>
  read(record: ModelRecord): AsyncIterable<Uint8Array>
  /** Whether the bytes were found to be others than were stored. */
  isDamaged(record: ModelRecord): boolean
  close(): Promise<void>
}

/** The bytes of one upload. receiving → finished → published, and each of the first two → gone by `discard`. */
export interface StagedBytes {
  /** Copies the bytes before it returns or resolves. Returns a promise only where it must wait. */
  append(chunk: Uint8Array): Promise<void> | undefined
  /** Ends the bytes; they are durable when it resolves. */
  finish(): Promise<void>
  /** What was finished. */
  read(): AsyncIterable<Uint8Array>
  /** Makes a model of them, in the place of one of the same owner and digest. Durable when it resolves. */
  publish(record: ModelRecord): Promise<void>
  /** Gives the bytes up; harmless when they are gone or published. */
  discard(): Promise<void>
}
