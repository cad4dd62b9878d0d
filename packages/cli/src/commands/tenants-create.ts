import type { TenantQuotas, TenantRole, TenantWish } from '@blindai/client'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { VALIDITY_OPTIONS, validityOf } from '../key-expiry.ts'
import { keyHashOf } from '../key-hash.ts'
import { numberOption } from '../number-option.ts'
import { withSession } from '../session.ts'
import { printTenant } from '../tenant-table.ts'

const ROLES: readonly TenantRole[] = ['admin', 'owner', 'caller']

/** `blindai tenants create NAME` */
export const tenantsCreate: Command = {
  path: ['tenants', 'create'],
  summary: 'Make a tenant, or change the role and the quotas of one. For administrators.',
  details: `The tenant makes its key with blindai keys new and gives you the SHA-256; the key stays where it was made. Of one
that is there, the role and the quotas become what is given here, and the keys stay. The limits of the server hold besides.`,
  positionals: [{ name: 'NAME', help: 'Letters, digits, ".", "_" and "-".', required: true }],
  options: {
    role: { type: 'text', value: 'ROLE', choices: ROLES, help: 'owner uploads, grants and runs; caller runs; admin.' },
    'key-hash': { type: 'text', value: 'SHA256', help: 'The hash of its first key, or a file that holds the key.' },
    ...VALIDITY_OPTIONS,
    models: { type: 'text', value: 'N', help: 'At most so many models.' },
    bytes: { type: 'text', value: 'N', help: 'At most so many bytes of models.' },
    requests: { type: 'text', value: 'N', help: 'At most so many requests in a minute.' },
    'engine-seconds': { type: 'text', value: 'N', help: 'At most so many seconds of engines in a minute.' },
  },
  usesServer: true,
  examples: ['blindai tenants create clinic --role owner --key-hash clinic.key --models 10 --engine-seconds 30'],
  async run(invocation) {
    const name = invocation.positionals[0] ?? ''
    const role = ROLES.find((known) => known === invocation.text('role'))
    if (role === undefined) throw usage(`--role is one of ${ROLES.join(', ')}`)
    const key = await firstKeyOf(invocation)
    const wish = { role, quotas: quotasOf(invocation), ...(key && { key }) }
    const tenant = await withSession(invocation, (session) =>
      session.tenants.put(name, wish, { signal: invocation.interrupted }),
    )
    printTenant(tenant, invocation.terminal, invocation.now())
    invocation.terminal.data(tenant)
    return EXIT.ok
  },
}

/** The first key, with when it is valid; undefined when none is given. @throws {CliError} `USAGE`; as `keyHashOf`. */
async function firstKeyOf(invocation: Invocation): Promise<TenantWish['key']> {
  const given = invocation.text('key-hash')
  if (given !== undefined) return { sha256: await keyHashOf(given, invocation), ...validityOf(invocation) }
  const idle = Object.keys(VALIDITY_OPTIONS).find((option) => invocation.text(option) !== undefined)
  if (idle !== undefined) throw usage(`--${idle} is of the key of --key-hash, which is missing`)
  return undefined
}

function quotasOf(invocation: Invocation): TenantQuotas {
  const numberOf = (option: string): number | undefined => numberOption(option, invocation, 'tenants create')
  const engineSeconds = numberOf('engine-seconds')
  return {
    maxModels: numberOf('models'),
    maxModelBytes: numberOf('bytes'),
    maxRequestsPerMinute: numberOf('requests'),
    maxEngineMsPerMinute: engineSeconds === undefined ? undefined : 1000 * engineSeconds,
  }
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: 'tenants create' })
}
