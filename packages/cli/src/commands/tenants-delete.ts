import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'

/** `blindai tenants delete NAME` */
export const tenantsDelete: Command = {
  path: ['tenants', 'delete'],
  summary: 'Delete a tenant with its keys, its models and what was granted to it. For administrators.',
  details:
    'Its keys open nothing from then on, the keys of its models are destroyed, and engines that hold one are killed.',
  positionals: [{ name: 'NAME', help: 'The name of a tenant.', required: true }],
  options: {},
  usesServer: true,
  examples: ['blindai tenants delete clinic'],
  async run(invocation) {
    const name = invocation.positionals[0] ?? ''
    await withSession(invocation, (session) => session.tenants.delete(name, { signal: invocation.interrupted }))
    invocation.terminal.line(`deleted ${name}`)
    invocation.terminal.data({ deleted: name })
    return EXIT.ok
  },
}
