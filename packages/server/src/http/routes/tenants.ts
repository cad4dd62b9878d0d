import { fromUtf8, type JsonValue, parseJson } from '@blindai/core'
import type { InferenceService } from '../../inference/index.ts'
import type { ModelLibrary, ModelRepository } from '../../models/index.ts'
import {
  type ApiKeyRecord,
  effectiveQuotas,
  isTenantName,
  type KnownTenant,
  parseNewApiKey,
  parseTenantWish,
  type TenantDirectory,
  type TenantLimits,
  type TenantMeter,
} from '../../tenants/index.ts'
import { type ApiResponse, type Call, emptyResponse, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { OperationLedger } from '../operation-ledger.ts'
import type { Route } from '../router.ts'

export interface TenantServices {
  readonly tenants: TenantDirectory
  readonly meter: TenantMeter
  readonly models: ModelRepository
  readonly library: ModelLibrary
  readonly inference: Pick<InferenceService, 'forgetTenant'>
  readonly operations: Pick<OperationLedger, 'forget'>
  readonly limits: TenantLimits
}

/** A tenant with its quotas and one key is far smaller. */
const MAX_BODY_BYTES = 4096

/** What administrators do with tenants. Nobody else learns from these routes which tenants there are. */
export function tenantRoutes(services: TenantServices): Route[] {
  const { tenants, meter, models, library, inference, operations, limits } = services
  const shown = (tenant: KnownTenant): object => {
    const owned = models.list(tenant.name).filter(({ owner }) => owner === tenant.name)
    const quotas = tenant.configured ? {} : tenant.quotas
    return {
      name: tenant.name,
      role: tenant.role,
      configured: tenant.configured,
      ...(tenant.configured ? {} : { createdAt: tenant.createdAt }),
      quotas,
      effective: effectiveQuotas(quotas, limits),
      usage: { models: owned.length, modelBytes: owned.reduce((sum, { bytes }) => sum + bytes, 0) },
      keys: keysOf(tenant),
    }
  }

  function list(): ApiResponse {
    return jsonResponse(200, { tenants: tenants.list().map(shown) })
  }

  function show(call: Call): ApiResponse {
    return jsonResponse(200, shown(tenants.get(nameOf(call))))
  }

  async function put(call: Call): Promise<ApiResponse> {
    const name = nameOf(call)
    const { created } = await tenants.put(name, parseTenantWish(await readJson('tenant', call)), call.confirm)
    return jsonResponse(created ? 201 : 200, shown(tenants.get(name)))
  }

  async function remove(call: Call): Promise<ApiResponse> {
    const name = nameOf(call)
    const removeAll = async (): Promise<void> => {
      await library.removeTenant(name)
      meter.forget(name)
      inference.forgetTenant(name)
      operations.forget(name)
    }
    await tenants.remove(name, removeAll, call.confirm)
    return emptyResponse(204)
  }

  async function addKey(call: Call): Promise<ApiResponse> {
    const wish = parseNewApiKey('key', await readJson('key', call))
    const { created, key } = await tenants.addKey(nameOf(call), wish, call.confirm)
    return jsonResponse(created ? 201 : 200, keyJson(key))
  }

  async function removeKey(call: Call): Promise<ApiResponse> {
    await tenants.removeKey(nameOf(call), call.params.id ?? '', { keepOne: false }, call.confirm)
    return emptyResponse(204)
  }

  const path = '/v1/tenants/{name}'
  const admin = { access: 'admin', maxBodyBytes: 0 } as const
  const changes = { access: 'admin', maxBodyBytes: MAX_BODY_BYTES } as const
  return [
    { ...admin, method: 'GET', path: '/v1/tenants', handle: list },
    { ...admin, method: 'GET', path, handle: show },
    { ...changes, method: 'PUT', path, once: true, handle: put },
    { ...admin, method: 'DELETE', path, once: true, handle: remove },
    { ...changes, method: 'POST', path: `${path}/keys`, handle: addKey },
    { ...admin, method: 'DELETE', path: `${path}/keys/{id}`, once: true, handle: removeKey },
  ]
}

/** The keys of a tenant without their hashes, which nobody needs to read back. */
export function keysOf(tenant: KnownTenant): object[] {
  return tenant.configured ? [{ id: 'configuration' }] : tenant.keys.map(keyJson)
}

export function keyJson({ id, createdAt, notBefore, expiresAt }: ApiKeyRecord): object {
  return { id, createdAt, notBefore, expiresAt }
}

/** A JSON body. @throws {MalformedError}; what reading throws. */
export async function readJson(field: string, call: Call): Promise<JsonValue> {
  return parseJson(field, fromUtf8(field, await call.readBody()))
}

function nameOf({ params }: Call): string {
  const name = params.name ?? ''
  if (isTenantName(name)) return name
  const expected = 'a name of 1 to 64 letters, digits, ".", "_" and "-"'
  throw new ApiError('PARAMETER_INVALID', { parameter: 'of the path', expected })
}
