import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `TenantError`. No name and no hash: who asks knows them. */
export interface TenantErrorDetails {
  TENANT_NOT_FOUND: Record<never, never>
  TENANT_EXISTS: Record<never, never>
  TENANT_CONFIGURED: Record<never, never>
  TENANT_LIMIT: { readonly limit: number }
  TENANT_DELETED: Record<never, never>
  KEY_NOT_FOUND: Record<never, never>
  KEY_EXISTS: Record<never, never>
  KEY_LIMIT: { readonly limit: number }
  KEY_IS_LAST: Record<never, never>
  TENANT_RATE_LIMITED: { readonly limit: number; readonly retryAfterSeconds: number }
  TENANT_ENGINE_TIME_SPENT: { readonly limitMs: number; readonly retryAfterSeconds: number }
}

/** Messages and hints of `TenantError`. */
export const TENANT_CATALOGUE: Catalogue<TenantErrorDetails> = {
  TENANT_NOT_FOUND: {
    message: () => 'there is no tenant of this name',
    hint: 'List the tenants, and check the name.',
  },
  TENANT_EXISTS: {
    message: () => 'there is a tenant of this name already, and it has another key',
    hint: 'Choose another name, or add the key to the tenant that is there.',
  },
  TENANT_CONFIGURED: {
    message: () => 'this tenant is named by the configuration of the server, which no call changes',
    hint: 'Change the configuration and start the server anew, or make a tenant of another name.',
  },
  TENANT_LIMIT: {
    message: (d) => `there are ${d.limit} tenants, as many as may`,
    hint: 'Delete a tenant first, or raise maxTenants in the configuration.',
  },
  TENANT_DELETED: {
    message: () => 'the tenant of this key was deleted meanwhile',
    hint: 'Ask an administrator of the server for a key.',
  },
  KEY_NOT_FOUND: {
    message: () => 'the tenant has no key of this id',
    hint: 'List the keys, and name one of their ids.',
  },
  KEY_EXISTS: {
    message: () => 'this key is known to the server already',
    hint: 'Make a new key with `blindai keys new`; no two tenants have the same.',
  },
  KEY_LIMIT: {
    message: (d) => `the tenant has ${d.limit} keys, as many as may`,
    hint: 'Revoke a key first.',
  },
  KEY_IS_LAST: {
    message: () => 'no other key of this tenant is valid now, so this one stays',
    hint: 'Add another key first, or ask an administrator to revoke this one.',
  },
  TENANT_RATE_LIMITED: {
    message: (d) => `this key has sent the ${d.limit} requests that it may send in a minute`,
    hint: 'Wait as long as Retry-After says, and send fewer requests.',
  },
  TENANT_ENGINE_TIME_SPENT: {
    message: (d) => `this key has used the ${d.limitMs} ms of engine time that it may use in a minute`,
    hint: 'Wait as long as Retry-After says, or send smaller inputs.',
  },
}

/** What cannot be done with a tenant or a key, or what a tenant has used up. */
export class TenantError<Code extends keyof TenantErrorDetails = keyof TenantErrorDetails> extends CodedError<
  TenantErrorDetails,
  Code
> {
  constructor(code: Code, details: TenantErrorDetails[Code], options?: ErrorOptions) {
    super('TenantError', TENANT_CATALOGUE, code, details, options)
  }
}
