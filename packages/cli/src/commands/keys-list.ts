import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'
import { printKeys } from '../tenant-table.ts'

/** `blindai keys list` */
export const keysList: Command = {
  path: ['keys', 'list'],
  summary: 'List your API keys on a server: ids and times, never keys.',
  details: 'The id of a key is the first 16 digits of its SHA-256.',
  positionals: [],
  options: {
    tenant: { type: 'text', value: 'NAME', help: 'Those of another tenant. For administrators.' },
  },
  usesServer: true,
  examples: ['blindai keys list', 'blindai keys list --tenant clinic'],
  async run(invocation) {
    const options = { signal: invocation.interrupted }
    const tenant = invocation.text('tenant')
    const keys = await withSession(invocation, async ({ keys, tenants }) =>
      tenant === undefined ? await keys.list(options) : (await tenants.show(tenant, options)).keys,
    )
    printKeys(keys, invocation.terminal, invocation.now())
    invocation.terminal.data({ keys })
    return EXIT.ok
  },
}
