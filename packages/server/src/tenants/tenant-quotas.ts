import { type JsonObject, type JsonValue, MalformedError } from '@blindai/core'

/** What a tenant may take at most. What is absent is bounded by the server's limit alone, as everything is. */
export interface TenantQuotas {
  /** Models, and uploads in progress. */
  readonly maxModels?: number
  /** Bytes of all its models, uploads in progress included. */
  readonly maxModelBytes?: number
  readonly maxRequestsPerMinute?: number
  /** Milliseconds that engines compute for it. */
  readonly maxEngineMsPerMinute?: number
}

/** The same for every tenant; `ServerLimits` has them all. */
export interface TenantLimits {
  readonly maxModelsPerTenant: number
  readonly maxModelBytesPerTenant: number
  readonly maxRequestsPerMinutePerTenant: number
  readonly maxEngineMsPerMinutePerTenant: number
}

/** What counts: the quota, or the server's limit where that is less. */
export function effectiveQuotas(quotas: TenantQuotas, limits: TenantLimits): Required<TenantQuotas> {
  const least = (quota: number | undefined, limit: number): number => Math.min(quota ?? limit, limit)
  return {
    maxModels: least(quotas.maxModels, limits.maxModelsPerTenant),
    maxModelBytes: least(quotas.maxModelBytes, limits.maxModelBytesPerTenant),
    maxRequestsPerMinute: least(quotas.maxRequestsPerMinute, limits.maxRequestsPerMinutePerTenant),
    maxEngineMsPerMinute: least(quotas.maxEngineMsPerMinute, limits.maxEngineMsPerMinutePerTenant),
  }
}

/** A tenant that may ask for nothing at all is one to delete, so the last two are at least 1. */
const LEAST: { readonly [Name in keyof TenantQuotas]-?: number } = {
  maxModels: 0,
  maxModelBytes: 0,
  maxRequestsPerMinute: 1,
  maxEngineMsPerMinute: 1,
}

/**
 * Reads quotas, of a request or of the sealed index. Strict.
 *
 * @throws {MalformedError} `WRONG_TYPE`, `UNKNOWN_MEMBER`, `WRONG_VALUE`.
 */
export function parseQuotas(field: string, value: JsonValue): TenantQuotas {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
  }
  const quotas: { -readonly [Name in keyof TenantQuotas]: number } = {}
  for (const [member, quota] of Object.entries(value)) {
    if (!isQuota(member)) throw new MalformedError('UNKNOWN_MEMBER', { field, member })
    if (typeof quota !== 'number' || !Number.isSafeInteger(quota) || quota < LEAST[member]) {
      throw new MalformedError('WRONG_VALUE', {
        field: `${field}.${member}`,
        expected: `a whole number of at least ${LEAST[member]}`,
      })
    }
    quotas[member] = quota
  }
  return quotas
}

export function quotasJson(quotas: TenantQuotas): JsonObject {
  return { ...quotas }
}

function isQuota(name: string): name is keyof TenantQuotas {
  return Object.hasOwn(LEAST, name)
}
