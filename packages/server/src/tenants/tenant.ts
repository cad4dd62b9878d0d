/**
 * `admin` may do what an owner may and lift quarantines; `owner` uploads, deletes and grants its own models and runs
 * what it may run; `caller` only runs.
 */
export type TenantRole = 'admin' | 'owner' | 'caller'

/** Somebody with an API key. Tenants share nothing that one of them did not grant. */
export interface Tenant {
  readonly name: string
  readonly role: TenantRole
}

/** A tenant as a configuration file names it; the key itself is nowhere on the server. */
export interface TenantConfig extends Tenant {
  /** Lower-case hex SHA-256 of the API key's UTF-8 text. */
  readonly keySha256: string
}

/** True for 1 to 64 letters, digits, `.`, `_` and `-`, the first of them a letter or digit. */
export function isTenantName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}
