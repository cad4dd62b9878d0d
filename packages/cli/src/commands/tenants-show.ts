import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'
import { printTenant } from '../tenant-table.ts'

/** `blindai tenants show NAME` */
export const tenantsShow: Command = {
  path: ['tenants', 'show'],
  summary: 'Show one tenant: role, quotas, usage and keys. For administrators.',
  details: 'Of each key the server has a hash, an id and times; it shows the id and the times.',
  positionals: [{ name: 'NAME', help: 'The name of a tenant.', required: true }],
  options: {},
  usesServer: true,
  examples: ['blindai tenants show clinic'],
  async run(invocation) {
    const tenant = await withSession(invocation, (session) =>
      session.tenants.show(invocation.positionals[0] ?? '', { signal: invocation.interrupted }),
    )
    printTenant(tenant, invocation.terminal, invocation.now())
    invocation.terminal.data(tenant)
    return EXIT.ok
  },
}
