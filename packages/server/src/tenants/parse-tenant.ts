import { type JsonObject, type JsonValue, MalformedError, type UnixSeconds, unixSeconds } from '@blindai/core'
import type { TenantRole } from './tenant.ts'
import { parseQuotas, type TenantQuotas } from './tenant-quotas.ts'
import { parseRole } from './tenant-record.ts'

/** A key that is to be added. The key itself never comes here. */
export interface NewApiKey {
  /** Lower-case hex SHA-256 of the key's UTF-8 text. */
  readonly sha256: string
  readonly notBefore?: UnixSeconds
  readonly expiresAt?: UnixSeconds
}

/** What a tenant is to be. */
export interface TenantWish {
  readonly role: TenantRole
  readonly quotas: TenantQuotas
  /** Its first key. */
  readonly key?: NewApiKey
}

/** @throws {MalformedError}. */
export function parseTenantWish(value: JsonValue): TenantWish {
  const wish = members('tenant', value, ['role'], ['quotas', 'key'])
  return {
    role: parseRole('tenant.role', wish.role),
    quotas: parseQuotas('tenant.quotas', wish.quotas ?? {}),
    ...(wish.key === undefined ? {} : { key: parseNewApiKey('tenant.key', wish.key) }),
  }
}

/** @throws {MalformedError}. */
export function parseNewApiKey(field: string, value: JsonValue): NewApiKey {
  const { sha256, notBefore, expiresAt } = members(field, value, ['sha256'], ['notBefore', 'expiresAt'])
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new MalformedError('WRONG_VALUE', { field: `${field}.sha256`, expected: '64 lower-case hexadecimal digits' })
  }
  const key = {
    sha256,
    ...(notBefore === undefined ? {} : { notBefore: time(`${field}.notBefore`, notBefore) }),
    ...(expiresAt === undefined ? {} : { expiresAt: time(`${field}.expiresAt`, expiresAt) }),
  }
  if (key.notBefore !== undefined && key.expiresAt !== undefined && key.notBefore >= key.expiresAt) {
    throw new MalformedError('WRONG_VALUE', { field: `${field}.notBefore`, expected: 'a time before expiresAt' })
  }
  return key
}

function members(
  field: string,
  value: JsonValue,
  required: readonly string[],
  optional: readonly string[],
): JsonObject {
  if (!isObject(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
  for (const member of required) {
    if (value[member] === undefined) throw new MalformedError('MISSING_MEMBER', { field, member })
  }
  for (const member of Object.keys(value)) {
    if (required.includes(member) || optional.includes(member)) continue
    throw new MalformedError('UNKNOWN_MEMBER', { field, member })
  }
  return value
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function time(field: string, value: JsonValue): UnixSeconds {
  try {
    if (typeof value === 'number') return unixSeconds(value)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
  }
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a time in whole Unix seconds' })
}
