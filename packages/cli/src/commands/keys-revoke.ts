import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { keyIdOf } from '../key-hash.ts'
import { withSession } from '../session.ts'

/** `blindai keys revoke KEY` */
export const keysRevoke: Command = {
  path: ['keys', 'revoke'],
  summary: 'Revoke a key of yours on a server.',
  details:
    'From then on the key is answered as one that nobody has. Your last valid key stays; an administrator can revoke it.',
  positionals: [{ name: 'KEY', help: 'The id that keys list shows, or the file that holds the key.', required: true }],
  options: {
    tenant: { type: 'text', value: 'NAME', help: 'Of another tenant. For administrators.' },
  },
  usesServer: true,
  examples: ['blindai keys revoke old.key', 'blindai keys revoke 0123456789abcdef'],
  async run(invocation) {
    const id = await keyIdOf(invocation.positionals[0] ?? '', invocation)
    const tenant = invocation.text('tenant')
    await withSession(invocation, ({ keys, tenants }) =>
      (tenant === undefined ? keys : tenants.keys(tenant)).revoke(id, { signal: invocation.interrupted }),
    )
    invocation.terminal.line(`revoked ${id}`)
    invocation.terminal.data({ revoked: id })
    return EXIT.ok
  },
}
