import {
  EVERYBODY,
  ModelError,
  type ModelLibrary,
  type ModelManifest,
  type ModelRecord,
  type ModelRepository,
  nameFor,
} from '../../models/index.ts'
import { isTenantName } from '../../tenants/index.ts'
import { type ApiResponse, type Call, emptyResponse, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { isAsked, type ReceiptDesk } from '../receipt-desk.ts'
import { byteCountHeader, queryOf } from '../request-fields.ts'
import type { Route } from '../router.ts'

export interface ModelServices {
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly receipts: ReceiptDesk
}

const SHA256 = /^[0-9a-f]{64}$/
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const TASK_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Upload, list, show, delete, grant and revoke. A grant that is revoked admits no new run; those under way come to their end. */
export function modelRoutes({ models, library, receipts }: ModelServices): Route[] {
  async function upload(call: Call): Promise<ApiResponse> {
    const { request, tenant } = call
    isAsked(call)
    const manifest = manifestOf(call)
    const offset = byteCountHeader(request.headers, 'upload-offset')
    const length = byteCountHeader(request.headers, 'upload-length')
    if (offset !== undefined && (length === undefined || offset > length)) {
      throw new ApiError('HEADER_INVALID', { header: 'upload-length', expected: 'the length of the whole model' })
    }
    const outcome = await library.upload({
      owner: tenant.name,
      manifest,
      length: length ?? request.body.length,
      offset,
      bytes: request.body,
      confirm: call.confirm,
    })
    if (outcome.state === 'partial') {
      return jsonResponse(202, { offset: outcome.offset }, { 'upload-offset': String(outcome.offset) })
    }
    const { record } = outcome
    const status = outcome.state === 'created' ? 201 : 200
    const response = jsonResponse(status, { ...summaryOf(record), ...tensorsOf(record) })
    return receipts.forModel(call, response, 'upload', record)
  }

  function progress(call: Call): ApiResponse {
    const sha256 = digestOf(call)
    const session = models.findUpload(call.tenant.name, sha256)
    if (session !== undefined) return progressResponse(session.offset, session.length)
    const record = models.find(call.tenant.name, sha256)
    if (record === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    return progressResponse(record.bytes, record.bytes)
  }

  function list(call: Call): ApiResponse {
    return jsonResponse(200, { models: models.list(call.tenant.name).map((record) => listed(record, call)) })
  }

  function show(call: Call): ApiResponse {
    const record = models.resolve(call.tenant.name, call.params.model ?? '')
    const own = record.owner === call.tenant.name ? { rows: library.rowsOf(record) } : {}
    return jsonResponse(200, { ...listed(record, call), ...tensorsOf(record), ...own })
  }

  async function remove(call: Call): Promise<ApiResponse> {
    isAsked(call)
    const reference = call.params.model ?? ''
    if (models.findUpload(call.tenant.name, reference) !== undefined) {
      await library.forgetUpload(call.tenant.name, reference)
      return emptyResponse(204)
    }
    const record = ownModel(models, call)
    const versions = models.versions(call.tenant.name, reference).length
    if (versions > 1) throw new ModelError('MODEL_HAS_VERSIONS', { versions })
    await library.delete(record, call.confirm)
    return receipts.forModel(call, emptyResponse(204), 'delete', record)
  }

  async function grant(call: Call): Promise<ApiResponse> {
    await library.grant(ownModel(models, call), granteeOf(call), call.confirm)
    return emptyResponse(204)
  }

  async function revoke(call: Call): Promise<ApiResponse> {
    ownModel(models, call)
    const grantee = granteeOf(call)
    // A name means all of its versions here: who took the newest back would not expect the others to stay open.
    for (const record of models.versions(call.tenant.name, call.params.model ?? '')) {
      await library.revoke(record, grantee, call.confirm)
    }
    return emptyResponse(204)
  }

  async function shareEngines(call: Call): Promise<ApiResponse> {
    await library.shareEngines(ownModel(models, call), true, call.confirm)
    return emptyResponse(204)
  }

  async function endSharing(call: Call): Promise<ApiResponse> {
    ownModel(models, call)
    // As with grants: what is ended under a name is ended for all of its versions.
    for (const record of models.versions(call.tenant.name, call.params.model ?? '')) {
      await library.shareEngines(record, false, call.confirm)
    }
    return emptyResponse(204)
  }

  function liftQuarantine(call: Call): ApiResponse {
    library.liftQuarantine(digestOf(call))
    return emptyResponse(204)
  }

  const model = '/v1/models/{model}'
  const grantee = `${model}/grants/{tenant}`
  return [
    { method: 'GET', path: '/v1/models', access: 'tenant', maxBodyBytes: 0, handle: list },
    { method: 'GET', path: model, access: 'tenant', maxBodyBytes: 0, handle: show },
    { method: 'HEAD', path: model, access: 'owner', maxBodyBytes: 0, handle: progress },
    { method: 'PUT', path: model, access: 'owner', maxBodyBytes: 'stream', once: true, isUpload: true, handle: upload },
    { method: 'DELETE', path: model, access: 'owner', maxBodyBytes: 0, once: true, handle: remove },
    { method: 'PUT', path: grantee, access: 'owner', maxBodyBytes: 0, handle: grant },
    { method: 'DELETE', path: grantee, access: 'owner', maxBodyBytes: 0, handle: revoke },
    { method: 'PUT', path: `${model}/shared-engines`, access: 'owner', maxBodyBytes: 0, handle: shareEngines },
    { method: 'DELETE', path: `${model}/shared-engines`, access: 'owner', maxBodyBytes: 0, handle: endSharing },
    { method: 'DELETE', path: '/v1/quarantine/{model}', access: 'admin', maxBodyBytes: 0, handle: liftQuarantine },
  ]
}

function ownModel(models: ModelRepository, { tenant, params }: Call): ModelRecord {
  const record = models.resolve(tenant.name, params.model ?? '')
  if (record.owner !== tenant.name) throw new ApiError('FORBIDDEN', { needs: 'the owner of the model' })
  return record
}

function manifestOf(call: Call): ModelManifest {
  const members = ['name', 'task', 'kind', 'shared', 'crossTenantBatching', 'padToMultipleOf'] as const
  const query = queryOf(call.request, members)
  const { name, task, kind = 'onnx', shared, crossTenantBatching = 'refused', padToMultipleOf } = query
  const sha256 = digestOf(call)
  if (kind !== 'onnx' && kind !== 'bundle') {
    throw new ApiError('PARAMETER_INVALID', { parameter: 'kind', expected: 'onnx or bundle' })
  }
  if (name !== undefined && (!MODEL_NAME.test(name) || SHA256.test(name))) {
    const expected = '1 to 128 letters, digits, ".", "_" and "-", and no digest'
    throw new ApiError('PARAMETER_INVALID', { parameter: 'name', expected })
  }
  if (task !== undefined && (kind !== 'bundle' || !TASK_NAME.test(task))) {
    throw new ApiError('PARAMETER_INVALID', { parameter: 'task', expected: 'the task of a bundle, in lower case' })
  }
  if (shared !== undefined && shared !== 'true') {
    throw new ApiError('PARAMETER_INVALID', { parameter: 'shared', expected: 'true, where it is given' })
  }
  if (crossTenantBatching !== 'refused' && crossTenantBatching !== 'allowed') {
    throw new ApiError('PARAMETER_INVALID', { parameter: 'crossTenantBatching', expected: 'allowed or refused' })
  }
  if (padToMultipleOf !== undefined && !isPadding(padToMultipleOf)) {
    const expected = `a whole number from 2 to ${MAX_PADDING}`
    throw new ApiError('PARAMETER_INVALID', { parameter: 'padToMultipleOf', expected })
  }
  return {
    sha256,
    kind,
    ...(name === undefined ? {} : { name }),
    ...(task === undefined ? {} : { task }),
    ...(shared === undefined ? {} : { sharedEngines: true }),
    ...(crossTenantBatching === 'allowed' ? { allowsCrossTenantBatches: true } : {}),
    ...(padToMultipleOf === undefined ? {} : { padToMultipleOf: Number(padToMultipleOf) }),
  }
}

/** As many places as the longest texts of most models have. */
const MAX_PADDING = 512

function isPadding(text: string): boolean {
  return /^[1-9][0-9]{0,2}$/.test(text) && Number(text) >= 2 && Number(text) <= MAX_PADDING
}

function digestOf({ params }: Call): string {
  const sha256 = params.model ?? ''
  if (SHA256.test(sha256)) return sha256
  throw new ApiError('PARAMETER_INVALID', {
    parameter: 'of the path',
    expected: 'the SHA-256 of the model, 64 lower-case hexadecimal digits',
  })
}

function granteeOf({ params }: Call): string {
  const tenant = params.tenant ?? ''
  if (tenant === EVERYBODY || isTenantName(tenant)) return tenant
  throw new ApiError('PARAMETER_INVALID', { parameter: 'of the path', expected: 'the name of a tenant, or *' })
}

function progressResponse(offset: number, length: number | undefined): ApiResponse {
  const total: Record<string, string> = length === undefined ? {} : { 'upload-length': String(length) }
  return emptyResponse(200, { 'upload-offset': String(offset), ...total })
}

function summaryOf({ sha256, name, version, kind, task, description, bytes }: ModelRecord): object {
  return { sha256, name, version, kind, task: task ?? description.task, bytes }
}

function tensorsOf({ description }: ModelRecord): object {
  return { inputs: description.inputs, outputs: description.outputs }
}

function listed(record: ModelRecord, { tenant }: Call): object {
  const owner = record.owner === tenant.name
  const name = nameFor(tenant.name, record)
  const { createdAt, grants, sharedEngines = false, padToMultipleOf } = record
  return { ...summaryOf(record), name, owner, createdAt, ...(owner ? { grants, sharedEngines, padToMultipleOf } : {}) }
}
