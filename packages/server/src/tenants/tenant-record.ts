import { type JsonValue, MalformedError, type UnixSeconds } from '@blindai/core'
import type { StoredApiKey, StoredTenant } from '@blindai/store'
import { isTenantName, type Tenant, type TenantRole } from './tenant.ts'
import { parseQuotas, quotasJson, type TenantQuotas } from './tenant-quotas.ts'

/** A key as the server knows it: by its hash, and when it is valid. */
export interface ApiKeyRecord extends StoredApiKey {
  /** Names the key in calls: the first 16 digits of its hash. */
  readonly id: string
}

/** A tenant that was made at run time. */
export interface TenantRecord extends Tenant {
  readonly createdAt: UnixSeconds
  readonly quotas: TenantQuotas
  readonly keys: readonly ApiKeyRecord[]
}

export const TENANT_ROLES: readonly TenantRole[] = ['admin', 'owner', 'caller']

const ID_DIGITS = 16

/** What a key is called. It says nothing that could be presented in its place. */
export function keyIdOf(sha256: string): string {
  return sha256.slice(0, ID_DIGITS)
}

/** Whether a key opens anything at that time. */
export function isValidAt({ notBefore, expiresAt }: Partial<StoredApiKey>, now: UnixSeconds): boolean {
  return (notBefore === undefined || now >= notBefore) && (expiresAt === undefined || now < expiresAt)
}

/** The record as the sealed index keeps it. */
export function storedTenant({ name, role, createdAt, quotas, keys }: TenantRecord): StoredTenant {
  return {
    name,
    role,
    createdAt,
    keys: keys.map(({ id: _, ...key }) => key),
    details: { quotas: quotasJson(quotas) },
  }
}

/**
 * The record that the sealed index has.
 *
 * @throws {MalformedError} for one that another version wrote.
 */
export function tenantRecord({ name, role, createdAt, keys, details }: StoredTenant): TenantRecord {
  const { quotas, ...others } = details
  for (const member of Object.keys(others)) {
    throw new MalformedError('UNKNOWN_MEMBER', { field: 'stored tenant details', member })
  }
  if (!isTenantName(name)) throw new MalformedError('WRONG_VALUE', { field: 'stored tenant', expected: 'a name' })
  return {
    name,
    role: parseRole('stored tenant role', role),
    createdAt,
    quotas: parseQuotas('stored tenant quotas', quotas ?? {}),
    keys: keys.map((key) => ({ ...key, id: keyIdOf(key.sha256) })),
  }
}

/** @throws {MalformedError} `WRONG_VALUE`. */
export function parseRole(field: string, value: JsonValue | undefined): TenantRole {
  for (const role of TENANT_ROLES) if (role === value) return role
  throw new MalformedError('WRONG_VALUE', { field, expected: `one of ${TENANT_ROLES.join(', ')}` })
}
