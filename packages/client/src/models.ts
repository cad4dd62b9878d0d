import type { JsonObject, JsonValue } from '@blindai/core'
import { isDatatype, type TensorMetadata } from '@blindai/protocol'
import { sha256 as sha256Of } from '#files'
import { isAbsent } from './absent.ts'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import { type ModelKind, type ModelSource, openModel } from './model-source.ts'
import { ASKS_FOR_RECEIPT, type HeldReceipt, receiptOfModel } from './receipt.ts'
import { asList, asNumber, asObject, asText, readJson } from './response.ts'
import { sendModel, type UploadProgress } from './upload.ts'

/** A model as its server describes it. */
export interface ModelSummary {
  /** Lower-case hex SHA-256 of the bytes that were uploaded: the model's identity. */
  readonly sha256: string
  /** An alias of its owner; of another tenant's model `owner~name`, which is what calls take. */
  readonly name?: string
  readonly kind: ModelKind
  /** Hugging Face's name of what the model does; a bare ONNX file has none. */
  readonly task?: string
  readonly bytes: number
  readonly inputs?: readonly TensorMetadata[]
  readonly outputs?: readonly TensorMetadata[]
  /** Whether it is this key's own, and not another tenant's that was granted. */
  readonly owner?: boolean
  /** Unix seconds. */
  readonly createdAt?: number
  /** Tenants that may run it, `*` for all; shown to its owner. */
  readonly grants?: readonly string[]
  /** Whether one engine may serve several tenants, one after the other; shown to its owner. */
  readonly sharedEngines?: boolean
  /** Short texts are filled up to a multiple of so many places; shown to its owner. */
  readonly padToMultipleOf?: number
  /** Of an upload, when it was asked for. */
  readonly receipt?: HeldReceipt
}

/** How to upload. */
export interface UploadOptions {
  readonly name?: string | undefined
  /** What the bytes are; read from them when absent. */
  readonly kind?: ModelKind | undefined
  readonly task?: string | undefined
  /** Let one engine serve several of those who may run it, one after the other, where the operator allows it, too. */
  readonly sharedEngines?: boolean | undefined
  /**
   * Let requests of several tenants be computed in one run, where they share engines; only at the first upload, and the
   * server's operator has a say too.
   */
  readonly allowCrossTenantBatching?: boolean | undefined
  /**
   * Fill short texts up to a multiple of so many places, 2 to 512, so that those of several lengths can be computed in one run;
   * only at the first upload, and only where the operator batches. The server tries it with a few texts: answers may round
   * otherwise by 1e-5, and a model whose answers differ more is refused.
   */
  readonly padToMultipleOf?: number | undefined
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Ask for a signed receipt; the call fails when none comes. */
  readonly receipt?: boolean | undefined
  /** Bytes sent in one request, and held in memory at once. */
  readonly partBytes?: number | undefined
}

/** How to call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** How to delete. */
export interface DeleteOptions extends CallOptions {
  /** Ask for a signed receipt; the call fails when none comes, and the model is gone all the same. */
  readonly receipt?: boolean | undefined
}

const SHA256 = /^[0-9a-fA-F]{64}$/
const DEFAULT_PART_BYTES = 4 * 1024 * 1024
const MIN_PART_BYTES = 64 * 1024

/** The models of a tenant, and those that others granted to it. */
export class Models {
  readonly #api: EnclaveApi

  constructor(api: EnclaveApi) {
    this.#api = api
  }

  /**
   * Uploads a model and answers when the server holds and has loaded it. Repeated after an interruption, it goes on where the
   * server's copy ends.
   *
   * @throws {BlindAiError} `SOURCE_UNREADABLE`, `SOURCE_CHANGED`, `SOURCE_TOO_LARGE`, `UPLOAD_STALLED`, and the server's
   * codes, `MODEL_REFUSED` and `MODEL_INVALID` among them.
   */
  async upload(source: ModelSource, options: UploadOptions = {}): Promise<ModelSummary> {
    const { signal, onProgress = ignore, partBytes = DEFAULT_PART_BYTES } = options
    if (!Number.isSafeInteger(partBytes) || partBytes < MIN_PART_BYTES) {
      throw new BlindAiError('OPTION_INVALID', { option: 'partBytes', expected: `at least ${MIN_PART_BYTES}` })
    }
    const model = await openModel(source)
    const totalBytes = model.source.size
    const onRead = (sentBytes: number): void => onProgress({ phase: 'digesting', sentBytes, totalBytes })
    const sha256 = await sha256Of(model.source, onRead, signal)
    const { kind = model.kind, name, task } = options
    const shared = options.sharedEngines === true ? 'true' : undefined
    const crossTenantBatching = options.allowCrossTenantBatching === true ? 'allowed' : undefined
    const padToMultipleOf = options.padToMultipleOf?.toString()
    const query = queryOf({ kind, name, task, shared, crossTenantBatching, padToMultipleOf })
    const receipt = options.receipt === true
    const upload = { source: model.source, sha256, query, partBytes, receipt, onProgress, signal }
    const response = await sendModel(this.#api, upload)
    const summary = parseSummary(readJson('the answer', response.body))
    if (summary.sha256 !== sha256) {
      throw new BlindAiError('RESPONSE_MALFORMED', { what: 'the answer', reason: 'it describes another model' })
    }
    onProgress({ phase: 'done', sentBytes: totalBytes, totalBytes })
    return receipt ? { ...summary, receipt: await receiptOfModel(response, 'upload', sha256) } : summary
  }

  /** The models that this key may run. */
  async list({ signal }: CallOptions = {}): Promise<readonly ModelSummary[]> {
    const response = await this.#api.call({ what: 'the list of models', method: 'GET', path: '/v1/models', signal })
    const { models } = asObject('the list', readJson('the list', response.body))
    return asList('the list', models).map(parseSummary)
  }

  /** One model, by name, `owner~name` or digest. @throws {BlindAiError} `MODEL_NOT_FOUND`. */
  async show(model: string, { signal }: CallOptions = {}): Promise<ModelSummary> {
    const response = await this.#api.call({ what: 'the model', method: 'GET', path: pathOf(model), signal })
    return parseSummary(readJson('the model', response.body))
  }

  /**
   * Ends the model's engines and forgets its bytes. With a receipt the digest of a name is asked before; should the name have
   * moved to another model in between, that one is deleted, and the receipt is refused as one of another model.
   *
   * @returns the receipt, when it was asked for.
   * @throws {BlindAiError} `MODEL_NOT_FOUND`.
   */
  async delete(model: string, { receipt, signal }: DeleteOptions = {}): Promise<HeldReceipt | undefined> {
    // Deleted is what the caller names, so that a name of several versions is refused; the digest is for the receipt.
    const sha256 = receipt === true ? await this.#digestOf(model, signal) : undefined
    const headers = receipt === true ? [ASKS_FOR_RECEIPT] : []
    const response = await this.#api.call({
      what: 'the deletion',
      method: 'DELETE',
      path: pathOf(model),
      headers,
      signal,
    })
    return sha256 === undefined ? undefined : receiptOfModel(response, 'delete', sha256)
  }

  async #digestOf(model: string, signal: AbortSignal | undefined): Promise<string> {
    return SHA256.test(model) ? model.toLowerCase() : (await this.show(model, { signal })).sha256
  }

  /** Lets a tenant, or all by `*`, run the model; never read, change or delete it. */
  async grant(model: string, tenant: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.call({ what: 'the grant', method: 'PUT', path: grantOf(model, tenant), signal })
  }

  /** Lets one engine serve several of those who may run the model, one after the other, where the operator allows it, too. */
  async shareEngines(model: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.call({ what: 'the permission', method: 'PUT', path: sharingOf(model), signal })
  }

  /** Ends that; engines that may have served several are killed, and runs on them fail. */
  async separateEngines(model: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.call({ what: 'the permission', method: 'DELETE', path: sharingOf(model), signal })
  }

  /** Takes a grant back: a run that has begun is finished, and the next one is refused. */
  async revoke(model: string, tenant: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.call({ what: 'the revocation', method: 'DELETE', path: grantOf(model, tenant), signal })
  }
}

function sharingOf(model: string): string {
  return `${pathOf(model)}/shared-engines`
}

function ignore(): void {
  // Nobody asked for progress.
}

function pathOf(model: string): string {
  if (model === '') throw new BlindAiError('OPTION_INVALID', { option: 'model', expected: 'a name or a digest' })
  return `/v1/models/${SHA256.test(model) ? model.toLowerCase() : encodeURIComponent(model)}`
}

function grantOf(model: string, tenant: string): string {
  if (tenant === '') throw new BlindAiError('OPTION_INVALID', { option: 'tenant', expected: 'a name or "*"' })
  return `${pathOf(model)}/grants/${encodeURIComponent(tenant)}`
}

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value)
  return `?${query}`
}

/** Members that this version does not know are passed over. */
function parseSummary(value: JsonValue): ModelSummary {
  const model = asObject('a model', value)
  const { name, task, inputs, outputs, owner, createdAt, grants, sharedEngines, padToMultipleOf } = model
  return {
    sha256: asText('the digest', model.sha256),
    ...(isAbsent(name) ? {} : { name: asText('the name', name) }),
    kind: parseKind(model),
    ...(isAbsent(task) ? {} : { task: asText('the task', task) }),
    bytes: asNumber('the size', model.bytes),
    ...(isAbsent(inputs) ? {} : { inputs: asList('the inputs', inputs).map(parseTensor) }),
    ...(isAbsent(outputs) ? {} : { outputs: asList('the outputs', outputs).map(parseTensor) }),
    ...(typeof owner === 'boolean' ? { owner } : {}),
    ...(isAbsent(createdAt) ? {} : { createdAt: asNumber('the time of the upload', createdAt) }),
    ...(isAbsent(grants) ? {} : { grants: asList('the grants', grants).map((grant) => asText('a grant', grant)) }),
    ...(typeof sharedEngines === 'boolean' ? { sharedEngines } : {}),
    ...(isAbsent(padToMultipleOf) ? {} : { padToMultipleOf: asNumber('the places of a text', padToMultipleOf) }),
  }
}

function parseKind({ kind }: JsonObject): ModelKind {
  if (kind === 'onnx' || kind === 'bundle') return kind
  throw new BlindAiError('RESPONSE_MALFORMED', { what: 'a model', reason: 'its kind is unknown' })
}

function parseTensor(value: JsonValue): TensorMetadata {
  const { name, datatype, shape } = asObject('a tensor', value)
  const type = asText('a datatype', datatype)
  if (!isDatatype(type))
    throw new BlindAiError('RESPONSE_MALFORMED', { what: 'a tensor', reason: 'its datatype is unknown' })
  return {
    name: asText('a tensor name', name),
    datatype: type,
    shape: asList('a shape', shape).map((dimension) => asNumber('a dimension', dimension)),
  }
}
