import type { UnixSeconds } from '@blindai/core'
import { parseNewApiKey, type TenantDirectory } from '../../tenants/index.ts'
import { type ApiResponse, type Call, emptyResponse, jsonResponse } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Route } from '../router.ts'
import { keyJson, keysOf, readJson } from './tenants.ts'

export interface KeyServices {
  readonly tenants: TenantDirectory
  readonly limits: { readonly maxOwnKeySeconds: number }
  readonly clock: () => UnixSeconds
}

/** A hash and two times. */
const MAX_BODY_BYTES = 1024

/**
 * What every tenant does with its own keys: a second one beside the first, then the first revoked.
 *
 * A key that a tenant adds by itself must expire within `maxOwnKeySeconds`. Whoever stole a key can add others with it, and with
 * those again, until somebody revokes them all: what ends by itself is only what nobody renews. A key that is revoked adds none
 * after the answer that says so, however early the request began: the key is looked at again when the change has its turn.
 * What it had added before that answer is in the list from then on.
 */
export function keyRoutes({ tenants, limits, clock }: KeyServices): Route[] {
  function list({ tenant }: Call): ApiResponse {
    return jsonResponse(200, { keys: keysOf(tenants.get(tenant.name)) })
  }

  async function add(call: Call): Promise<ApiResponse> {
    const wish = parseNewApiKey('key', await readJson('key', call))
    const latest = clock() + limits.maxOwnKeySeconds
    if (wish.expiresAt === undefined || wish.expiresAt > latest) {
      throw new ApiError('PARAMETER_INVALID', { parameter: 'expiresAt', expected: `a time, at the latest ${latest}` })
    }
    const { created, key } = await tenants.addKey(call.tenant.name, wish, call.confirm)
    return jsonResponse(created ? 201 : 200, keyJson(key))
  }

  async function remove({ tenant, params, confirm }: Call): Promise<ApiResponse> {
    await tenants.removeKey(tenant.name, params.id ?? '', { keepOne: true }, confirm)
    return emptyResponse(204)
  }

  return [
    { method: 'GET', path: '/v1/keys', access: 'tenant', maxBodyBytes: 0, handle: list },
    { method: 'POST', path: '/v1/keys', access: 'tenant', maxBodyBytes: MAX_BODY_BYTES, handle: add },
    { method: 'DELETE', path: '/v1/keys/{id}', access: 'tenant', maxBodyBytes: 0, once: true, handle: remove },
  ]
}
