import type { ApiKeySummary, TenantQuotas, TenantSummary } from '@blindai/client'
import { formatUnixSeconds, type UnixSeconds, unixSeconds } from '@blindai/core'
import { formatBytes } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** Prints one tenant: its role, what it may take and has taken, its keys. */
export function printTenant(tenant: TenantSummary, terminal: Terminal, now: UnixSeconds): void {
  const { name, role, configured, effective, usage, keys } = tenant
  terminal.line(`name     ${name}`)
  terminal.line(`role     ${role}`)
  terminal.line(`made     ${configured ? 'by the configuration' : timeOf(tenant.createdAt)}`)
  terminal.line(`models   ${usage.models} of ${effective.maxModels ?? '?'}`)
  terminal.line(`bytes    ${formatBytes(usage.modelBytes)} of ${formatBytes(effective.maxModelBytes ?? 0)}`)
  terminal.line(`minute   ${minuteOf(effective)}`)
  printKeys(keys, terminal, now)
}

/** Prints keys below one another. */
export function printKeys(keys: readonly ApiKeySummary[], terminal: Terminal, now: UnixSeconds): void {
  if (keys.length === 0) terminal.line('keys     none: nobody can act as this tenant')
  for (const [i, key] of keys.entries()) terminal.line(`${i === 0 ? 'keys' : ''}`.padEnd(9) + keyLine(key, now))
}

/** Prints tenants below one another. */
export function printTenantTable(tenants: readonly TenantSummary[], terminal: Terminal): void {
  const rows = [
    ['NAME', 'ROLE', 'MADE', 'MODELS', 'SIZE', 'KEYS'],
    ...tenants.map(({ name, role, configured, createdAt, usage, keys }) => [
      name,
      role,
      configured ? 'by the configuration' : timeOf(createdAt),
      String(usage.models),
      formatBytes(usage.modelBytes),
      String(keys.length),
    ]),
  ]
  const widthOf = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  for (const row of rows)
    terminal.line(
      row
        .map((cell, i) => cell.padEnd(widthOf(i)))
        .join('  ')
        .trimEnd(),
    )
}

function minuteOf({ maxRequestsPerMinute, maxEngineMsPerMinute }: TenantQuotas): string {
  return `${maxRequestsPerMinute ?? '?'} requests, ${(maxEngineMsPerMinute ?? 0) / 1000} s of engines`
}

function keyLine({ id, notBefore, expiresAt }: ApiKeySummary, now: UnixSeconds): string {
  if (id === 'configuration') return 'in the configuration of the server'
  if (expiresAt !== undefined && now >= expiresAt) return `${id}  ended ${timeOf(expiresAt)}`
  const from = notBefore !== undefined && now < notBefore ? `  from ${timeOf(notBefore)}` : ''
  return `${id}${from}  ${expiresAt === undefined ? 'without an end' : `until ${timeOf(expiresAt)}`}`
}

function timeOf(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatUnixSeconds(unixSeconds(seconds))
}
