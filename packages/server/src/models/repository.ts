import type { UnixSeconds } from '@blindai/core'
import type { KeySourceKind } from '@blindai/store'
import type { EngineDescription, EngineModel } from '../runtime/host/index.ts'
import type { ModelSpool } from './model-spool.ts'

/** What an upload says of its bytes. */
export interface ModelManifest {
  /** Lower-case hex SHA-256 of all bytes: the model's identity. */
  readonly sha256: string
  readonly kind: EngineModel['kind']
  /** An alias, without `~`; a later upload of its owner under the same name is the next version of it. */
  readonly name?: string
  readonly task?: string
  /** True where one engine may serve several of those who may run it, one after the other. */
  readonly sharedEngines?: boolean
  /** Whether its owner lets requests of several tenants be computed in one run. */
  readonly allowsCrossTenantBatches?: boolean
  /** Fill short texts up to a multiple of so many places, so that they can share a run; not unless it was tried and harmless. */
  readonly padToMultipleOf?: number
}

/** Of each output, in order, the axes that are as long as a text. */
export type LengthAxes = readonly (readonly number[])[]

/** What is known of a model before it is accepted: what the engine said, and what was tried. */
export interface ModelDescription extends EngineDescription {
  /** There exactly where its texts are filled up. */
  readonly lengthAxes?: LengthAxes
}

/** A model that is there, complete and loadable. */
export interface ModelRecord extends ModelManifest {
  readonly owner: string
  /** Which of the models of its name it is, from 1. There exactly when the name is. */
  readonly version?: number
  readonly bytes: number
  readonly createdAt: UnixSeconds
  readonly description: ModelDescription
  /** Tenants that may run it; `*` for all. Sorted. */
  readonly grants: readonly string[]
}

/** The parts of a record that its owner may change. */
export type ModelChange = Partial<Pick<ModelRecord, 'name' | 'grants' | 'sharedEngines'>>

/** Between an owner and a name; neither may hold one, and a path takes it as it is. */
const OWNER_MARK = '~'

/** What a tenant calls a model: by its bare name if it is its own, else by `owner~name`. undefined without a name. */
export function nameFor(tenant: string, { owner, name }: Pick<ModelRecord, 'owner' | 'name'>): string | undefined {
  return name === undefined || owner === tenant ? name : `${owner}${OWNER_MARK}${name}`
}

/** The owner and the bare name in a full name; undefined for what is none. */
export function parseFullName(reference: string): { readonly owner: string; readonly name: string } | undefined {
  const mark = reference.indexOf(OWNER_MARK)
  return mark < 0 ? undefined : { owner: reference.slice(0, mark), name: reference.slice(mark + 1) }
}

/** The number of a model among those of its name; the only one, where it has none. */
export function versionOf({ version }: Pick<ModelRecord, 'version'>): number {
  return version ?? 1
}

/** Names a model among all tenants' models. Equal bytes of two owners are two models. */
export function modelKey(model: { readonly owner: string; readonly sha256: string }): string {
  return `${model.owner}/${model.sha256}`
}

/**
 * Bytes on their way in.
 *
 * receiving → complete → published, and each of the first two → gone by `abort`. One writer at a time; the repository
 * forgets an upload to which nothing was appended for the configured time.
 */
export interface UploadSession {
  readonly owner: string
  readonly manifest: ModelManifest
  /** Announced length of the whole model, where one was. */
  readonly length: number | undefined
  /** Where the next byte goes. */
  readonly offset: number
  /** Takes the session for one writer. @throws {ModelError} `UPLOAD_BUSY`. */
  acquire(): void
  release(): void
  /**
   * Appends bytes; they are copied before it returns or resolves. Returns a promise only where it must wait.
   *
   * @throws {ModelError} `UPLOAD_TOO_LONG`, `MODEL_TOO_LARGE`, `TENANT_STORAGE_FULL`, `STORAGE_FULL`, `DISK_FULL`,
   * `STORE_FAILED`.
   */
  append(chunk: Uint8Array): Promise<void> | undefined
  /**
   * Ends the bytes and gives the model to load it from. The upload is gone when this throws.
   *
   * @throws {ModelError} `DIGEST_MISMATCH`, `DISK_FULL`, `STORE_FAILED`.
   */
  complete(): Promise<EngineModel>
  /**
   * Makes a complete upload a model; durable when it resolves.
   *
   * @param confirm - called when its turn has come; refuses by throwing. Nobody is asked unless it is given.
   * @throws {ModelError} `DISK_FULL`, `STORE_FAILED`; what `confirm` throws.
   */
  publish(description: ModelDescription, confirm?: () => void): Promise<ModelRecord>
  /** Forgets the upload and its bytes; harmless when it is gone. */
  abort(): Promise<void>
}

/**
 * Where models are kept. Every call names the tenant on whose behalf it is made, and gives only what is that tenant's:
 * deduplication, offsets and quotas never reach across tenants.
 */
export interface ModelRepository {
  readonly keySource: KeySourceKind
  /**
   * Starts an upload, in the place of one of the same digest.
   *
   * @throws {ModelError} `MODEL_TOO_LARGE`, `MODEL_LIMIT`, `UPLOAD_LIMIT`, `TENANT_STORAGE_FULL`, `STORAGE_FULL`,
   * `UPLOAD_BUSY` when the one of the same digest has a writer.
   */
  beginUpload(owner: string, manifest: ModelManifest, length: number | undefined): Promise<UploadSession>
  /** Takes bytes whose digest is not known before the last of them. */
  spool(owner: string): ModelSpool
  /** The tenant's own upload in progress. */
  findUpload(owner: string, sha256: string): UploadSession | undefined
  /** The tenant's own model of that digest; undefined also for one whose bytes are damaged, so that it can be sent again. */
  find(owner: string, sha256: string): ModelRecord | undefined
  /**
   * The model that a tenant means. A bare name is always one of its own, whatever others upload and grant; what was granted
   * has the name `owner~name`, or its digest. A name alone means the newest version that the tenant may run.
   *
   * @param version - the number of a version, or its digest.
   * @throws {ModelError} `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`.
   */
  resolve(tenant: string, reference: string, version?: string): ModelRecord
  /** The versions of a name that a tenant may run, oldest first; of a digest that one. @throws {ModelError} `MODEL_NOT_FOUND`. */
  versions(tenant: string, reference: string): readonly ModelRecord[]
  /** What a tenant owns and what it may run, oldest first. */
  list(tenant: string): readonly ModelRecord[]
  /** All keys of models with that digest. For administrators, who learn nothing of them. */
  keysOf(sha256: string): readonly string[]
  /** The plaintext, for an engine; reading it throws {ModelError} `MODEL_DAMAGED`. @throws {ModelError} `MODEL_NOT_FOUND`. */
  open(record: ModelRecord): EngineModel
  /**
   * Changes what may change, from what it is when its turn comes; durable when it resolves. A model that is given a name is
   * the newest version of it.
   *
   * @throws {ModelError} `MODEL_NOT_FOUND`, `DISK_FULL`, `STORE_FAILED`; what `change` throws.
   */
  change(owner: string, sha256: string, change: (record: ModelRecord) => ModelChange): Promise<ModelRecord>
  /**
   * Gone, durably, when it resolves.
   *
   * @param confirm - called when its turn has come; refuses by throwing. Nobody is asked unless it is given.
   * @throws {ModelError} `MODEL_NOT_FOUND`, `DISK_FULL`, `STORE_FAILED`; what `confirm` throws.
   */
  delete(owner: string, sha256: string, confirm?: () => void): Promise<void>
  /**
   * Removes a tenant with its models, its uploads and what was granted to it, as one change. Gives the models that are gone.
   *
   * @throws {ModelError} `DISK_FULL`, `STORE_FAILED`; then nothing is gone but the uploads.
   */
  removeTenant(name: string): Promise<readonly ModelRecord[]>
  close(): Promise<void>
}
