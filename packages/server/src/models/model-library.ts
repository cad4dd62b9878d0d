import { type EngineDescription, EngineError, type EngineModel, type RowsProof } from '../runtime/host/index.ts'
import { ModelError } from './model-error.ts'
import {
  type LengthAxes,
  type ModelChange,
  type ModelDescription,
  type ModelManifest,
  type ModelRecord,
  type ModelRepository,
  modelKey,
  type UploadSession,
} from './repository.ts'

/** What the library needs of the scheduler. */
export interface ModelLoader {
  load(model: LoadableModel, tenant: string): Promise<EngineDescription>
  release(modelKey: string, error: Error): Promise<void>
  releaseTenant(tenant: string, error: Error): Promise<void>
  /** True when there was one, for whichever tenant. */
  clearQuarantine(modelKey: string): boolean
  /** Whether requests to it can share a run, where that is known. */
  rowsOf(modelKey: string): RowsProof | undefined
}

/** A model that is not there yet. */
interface LoadableModel {
  readonly key: string
  readonly source: EngineModel
}

/** Tries whether padding is harmless to a model that has loaded. @throws {ModelError} `PADDING_NOT_PROVEN`; what running throws. */
export type PaddingTrial = (
  model: LoadableModel,
  tenant: string,
  description: EngineDescription,
  multipleOf: number,
) => Promise<LengthAxes>

/** Tenants that one model can be granted to by name. */
const MAX_GRANTS = 1000

/** Refuses, by throwing, a change whose asker may not make it any more. */
type Confirm = () => void

const UNASKED: Confirm = () => undefined

/** Bytes of a model on their way in. */
export interface Upload {
  readonly owner: string
  readonly manifest: ModelManifest
  /** Length of the whole model, where it is known. */
  readonly length: number | undefined
  /** Where a part starts; undefined for a model that comes in one piece. */
  readonly offset: number | undefined
  readonly bytes: AsyncIterable<Uint8Array>
  /**
   * Refuses, by throwing, what its sender may not do any more: called once the bytes have come, and again before anything is
   * changed. Without it, the sender is one who can always do it.
   */
  readonly confirm?: () => void
}

/** What came of it: more parts are wanted, or the model is there. */
export type UploadOutcome =
  | { readonly state: 'partial'; readonly offset: number }
  | { readonly state: 'created' | 'existing'; readonly record: ModelRecord }

/**
 * The models of all tenants, from the first byte of an upload to the last engine of a deleted one.
 *
 * A model is there only when all its bytes came from its owner, have its digest, and an engine has loaded them.
 */
export class ModelLibrary {
  readonly #repository: ModelRepository
  readonly #loader: ModelLoader
  readonly #tryPadding: PaddingTrial
  readonly #onDeleted: (record: ModelRecord) => void
  /** By key, the end of engines that were shared. */
  readonly #unsharing: Map<string, Promise<void>> = new Map()

  /** @param onDeleted - told of each model that is gone. */
  constructor(
    repository: ModelRepository,
    loader: ModelLoader,
    tryPadding: PaddingTrial,
    onDeleted: (record: ModelRecord) => void,
  ) {
    this.#repository = repository
    this.#loader = loader
    this.#tryPadding = tryPadding
    this.#onDeleted = onDeleted
  }

  /**
   * Takes the bytes of a model or of a part of one. A part that breaks off keeps what arrived; a model in one piece that
   * breaks off leaves nothing.
   *
   * @throws {ModelError} of uploads; besides, what the engine says of the model and what `bytes` and `confirm` throw.
   */
  async upload(upload: Upload): Promise<UploadOutcome> {
    const { owner, manifest, offset, confirm = UNASKED } = upload
    const existing = this.#repository.find(owner, manifest.sha256)
    if (existing !== undefined) return this.#uploadAgain(existing, upload)
    const session = await this.#session(upload)
    session.acquire()
    try {
      for await (const chunk of upload.bytes) await session.append(chunk)
      confirm()
      const partial = offset !== undefined && session.length !== undefined && session.offset < session.length
      return partial ? { state: 'partial', offset: session.offset } : await this.#publish(session, confirm)
    } catch (error) {
      // What a broken connection cut off can be sent later; what was refused cannot.
      if (offset === undefined || session.offset === session.length || error instanceof ModelError)
        await session.abort()
      // Whose key is gone is told so, and not what his upload came to when it was taken from him.
      confirm()
      throw error
    } finally {
      session.release()
    }
  }

  /**
   * Deletes a model; its engines are dead and its requests have failed when it resolves.
   *
   * @param confirm - of this change and the others: called when its turn has come; refuses by throwing.
   */
  async delete(record: ModelRecord, confirm: Confirm = UNASKED): Promise<void> {
    await this.#repository.delete(record.owner, record.sha256, confirm)
    await this.#loader.release(modelKey(record), new ModelError('MODEL_NOT_FOUND', {}))
    this.#onDeleted(record)
  }

  /**
   * Deletes all that a tenant has. Durable, and the engines of its models and those that served it dead, when it resolves.
   */
  async removeTenant(name: string): Promise<void> {
    const removed = await this.#repository.removeTenant(name)
    const error = new ModelError('MODEL_NOT_FOUND', {})
    await Promise.all(removed.map((record) => this.#loader.release(modelKey(record), error)))
    await this.#loader.releaseTenant(name, error)
    for (const record of removed) this.#onDeleted(record)
  }

  /** Forgets an upload in progress. @throws {ModelError} `MODEL_NOT_FOUND`, `UPLOAD_BUSY`. */
  async forgetUpload(owner: string, sha256: string): Promise<void> {
    const session = this.#repository.findUpload(owner, sha256)
    if (session === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    session.acquire()
    await session.abort()
  }

  /** Lets a tenant, or `*`, run an own model. @throws {ModelError} `GRANT_LIMIT`. */
  async grant({ owner, sha256 }: ModelRecord, tenant: string, confirm: Confirm = UNASKED): Promise<void> {
    await this.#repository.change(owner, sha256, (record) => {
      confirm()
      const grants = [...new Set([...record.grants, tenant])].sort()
      if (grants.length > MAX_GRANTS) throw new ModelError('GRANT_LIMIT', { limit: MAX_GRANTS })
      return { grants }
    })
  }

  async revoke({ owner, sha256 }: ModelRecord, tenant: string, confirm: Confirm = UNASKED): Promise<void> {
    await this.#repository.change(owner, sha256, (record) => {
      confirm()
      return { grants: record.grants.filter((granted) => granted !== tenant) }
    })
  }

  /**
   * Lets one engine serve several tenants, one after the other, or ends it. When it ends, the engines of the model are killed:
   * each may have seen inputs of many. Engines that were never shared live on.
   */
  async shareEngines({ owner, sha256 }: ModelRecord, isShared: boolean, confirm: Confirm = UNASKED): Promise<void> {
    let wasShared = false
    await this.#repository.change(owner, sha256, (record) => {
      confirm()
      wasShared = record.sharedEngines === true
      return { sharedEngines: isShared }
    })
    if (isShared) return
    const key = modelKey({ owner, sha256 })
    if (wasShared) this.#unsharing.set(key, this.#endEngines(key))
    // Whoever ends it again is told so when the engines of the first time are dead, too.
    await this.#unsharing.get(key)
  }

  async #endEngines(key: string): Promise<void> {
    try {
      await this.#loader.release(key, new EngineError('ENGINE_STOPPED', { phase: 'run' }))
    } finally {
      this.#unsharing.delete(key)
    }
  }

  /** Whether requests to a model can share a run, where an engine of it has found out. */
  rowsOf(record: ModelRecord): RowsProof | undefined {
    return this.#loader.rowsOf(modelKey(record))
  }

  /** Lifts the quarantine of every model of that digest. */
  liftQuarantine(sha256: string): void {
    for (const key of this.#repository.keysOf(sha256)) this.#loader.clearQuarantine(key)
  }

  async #session({ owner, manifest, length, offset }: Upload): Promise<UploadSession> {
    if (offset === undefined || offset === 0) return this.#repository.beginUpload(owner, manifest, length)
    const session = this.#repository.findUpload(owner, manifest.sha256)
    if (session?.offset !== offset) {
      throw new ModelError('UPLOAD_OFFSET_MISMATCH', { expected: session?.offset ?? 0, actual: offset })
    }
    if (session.length !== undefined && length !== undefined && session.length !== length) {
      throw new ModelError('UPLOAD_LENGTH_MISMATCH', { expected: session.length, actual: length })
    }
    return session
  }

  async #publish(session: UploadSession, confirm: () => void): Promise<UploadOutcome> {
    const source = await session.complete()
    const key = modelKey({ owner: session.owner, sha256: source.sha256 })
    try {
      // Its bytes were made durable meanwhile, which takes time.
      confirm()
      const description = await this.#described({ key, source }, session)
      return { state: 'created', record: await session.publish(description, confirm) }
    } catch (error) {
      await session.abort()
      // Its engines, unless the next tenant of the name has sent the same model meanwhile.
      const { owner } = session
      const isNext = this.#repository.find(owner, source.sha256) ?? this.#repository.findUpload(owner, source.sha256)
      if (isNext === undefined) await this.#loader.release(key, new ModelError('MODEL_NOT_FOUND', {}))
      throw error
    }
  }

  async #described(model: LoadableModel, { owner, manifest }: UploadSession): Promise<ModelDescription> {
    const description = await this.#loader.load(model, owner)
    const { padToMultipleOf } = manifest
    if (padToMultipleOf === undefined) return description
    return { ...description, lengthAxes: await this.#tryPadding(model, owner, description, padToMultipleOf) }
  }

  /** The owner sends what is there already: the name may be new; a quarantine ends, and the model has to load again. */
  async #uploadAgain(existing: ModelRecord, upload: Upload): Promise<UploadOutcome> {
    const { owner, manifest, length, bytes, confirm = UNASKED } = upload
    if (manifest.kind !== existing.kind) throw new ModelError('MODEL_EXISTS', { member: 'kind' })
    if (manifest.task !== undefined && manifest.task !== existing.task) {
      throw new ModelError('MODEL_EXISTS', { member: 'task' })
    }
    if (manifest.allowsCrossTenantBatches === true && existing.allowsCrossTenantBatches !== true) {
      throw new ModelError('MODEL_EXISTS', { member: 'crossTenantBatching' })
    }
    if (manifest.padToMultipleOf !== undefined && manifest.padToMultipleOf !== existing.padToMultipleOf) {
      throw new ModelError('MODEL_EXISTS', { member: 'padToMultipleOf' })
    }
    const tooLong = new ModelError('UPLOAD_TOO_LONG', { limit: existing.bytes })
    if (length !== undefined && length > existing.bytes) throw tooLong
    let received = 0
    // Read to the end, so that the client can read the answer.
    for await (const chunk of bytes) {
      received += chunk.byteLength
      if (received > existing.bytes) throw tooLong
    }
    confirm()
    const key = modelKey(existing)
    if (this.#loader.clearQuarantine(key)) {
      await this.#loader.load({ key, source: this.#repository.open(existing) }, owner)
      confirm()
    }
    const { name, sharedEngines } = manifest
    // An upload that is repeated makes no new version; that of an older version makes it the newest.
    const isNamed =
      name === undefined || (name === existing.name && this.#repository.resolve(owner, name).sha256 === existing.sha256)
    const change = {
      ...(isNamed ? {} : { name }),
      ...(sharedEngines === undefined || sharedEngines === existing.sharedEngines ? {} : { sharedEngines }),
    }
    const isSame = Object.keys(change).length === 0
    const changed = (): ModelChange => {
      confirm()
      return change
    }
    // What is to stay as it is may have been deleted while the bytes came.
    if (isSame && this.#repository.find(owner, existing.sha256) === undefined)
      throw new ModelError('MODEL_NOT_FOUND', {})
    const record = isSame ? existing : await this.#repository.change(owner, existing.sha256, changed)
    return { state: 'existing', record }
  }
}
