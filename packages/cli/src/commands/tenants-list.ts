import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'
import { printTenantTable } from '../tenant-table.ts'

/** `blindai tenants list` */
export const tenantsList: Command = {
  path: ['tenants', 'list'],
  summary: 'List the tenants of a server. For administrators.',
  details: 'Those that the configuration of the server names come first; no command changes them.',
  positionals: [],
  options: {},
  usesServer: true,
  examples: ['blindai tenants list --json'],
  async run(invocation) {
    const tenants = await withSession(invocation, (session) => session.tenants.list({ signal: invocation.interrupted }))
    printTenantTable(tenants, invocation.terminal)
    invocation.terminal.data({ tenants })
    return EXIT.ok
  },
}
