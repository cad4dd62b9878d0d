import type { UnixSeconds } from '@blindai/core'
import type { ServerLimits } from './config-limits.ts'
import { GatekeeperError } from './gatekeeper-error.ts'
import type { Vault } from './models/index.ts'
import {
  effectiveQuotas,
  type TenantConfig,
  TenantDirectory,
  TenantError,
  type TenantLimits,
  TenantMeter,
} from './tenants/index.ts'

/** What opens the tenants of a server. */
export interface TenantOpening {
  readonly configured: readonly TenantConfig[]
  /** Tenants without a key. */
  readonly keyless?: readonly string[]
  readonly vault: Vault
  readonly limits: ServerLimits
  readonly clock: () => UnixSeconds
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
}

/** The tenants of a server, and what rooms that know no tenants ask of them. */
export interface OpenedTenants {
  readonly tenants: TenantDirectory
  readonly meter: TenantMeter
  /** What the models of a tenant may take. */
  readonly storageOf: (tenant: string) => Pick<TenantLimits, 'maxModelsPerTenant' | 'maxModelBytesPerTenant'>
  /** @throws {TenantError} `TENANT_DELETED`. */
  readonly expectTenant: (tenant: string) => void
}

/**
 * The tenants of the configuration and those of the sealed index.
 *
 * @throws {GatekeeperError} `TENANT_CLASH`; {MalformedError} for a stored tenant of another version.
 */
export function openTenants(opening: TenantOpening): OpenedTenants {
  const { limits, nowMs } = opening
  const tenants = directoryOf(opening)
  const quotasOf = (name: string) => effectiveQuotas(tenants.quotasOf(name), limits)
  return {
    tenants,
    meter: new TenantMeter({ quotasOf, nowMs }),
    storageOf(name) {
      const { maxModels, maxModelBytes } = quotasOf(name)
      return { maxModelsPerTenant: maxModels, maxModelBytesPerTenant: maxModelBytes }
    },
    expectTenant(name) {
      if (!tenants.has(name)) throw new TenantError('TENANT_DELETED', {})
    },
  }
}

function directoryOf({ configured, keyless = [], vault, limits, clock }: TenantOpening): TenantDirectory {
  try {
    return new TenantDirectory(configured, { shelf: vault, clock, limits, keyless })
  } catch (cause) {
    if (!(cause instanceof TenantError)) throw cause
    throw new GatekeeperError('TENANT_CLASH', {}, { cause })
  }
}
