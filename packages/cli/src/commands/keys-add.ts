import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { VALIDITY_OPTIONS, validityOf } from '../key-expiry.ts'
import { keyHashOf } from '../key-hash.ts'
import { withSession } from '../session.ts'
import { printKeys } from '../tenant-table.ts'

/** `blindai keys add KEY` */
export const keysAdd: Command = {
  path: ['keys', 'add'],
  summary: 'Add a key of yours on a server, beside those that it knows.',
  details: `Only the SHA-256 of the key is sent. Both keys are valid until one ends or is revoked: to replace a key, add the new
one, use it, then revoke the old one. A key that you add for yourself must end; one that an administrator adds need not.`,
  positionals: [{ name: 'KEY', help: 'The file of blindai keys new --out, or the SHA-256 of a key.', required: true }],
  options: {
    ...VALIDITY_OPTIONS,
    tenant: { type: 'text', value: 'NAME', help: 'For another tenant. For administrators.' },
  },
  usesServer: true,
  examples: ['blindai keys add new.key --expires 90d'],
  async run(invocation) {
    const sha256 = await keyHashOf(invocation.positionals[0] ?? '', invocation)
    const wish = { sha256, ...validityOf(invocation) }
    const tenant = invocation.text('tenant')
    const key = await withSession(invocation, ({ keys, tenants }) =>
      (tenant === undefined ? keys : tenants.keys(tenant)).add(wish, { signal: invocation.interrupted }),
    )
    printKeys([key], invocation.terminal, invocation.now())
    invocation.terminal.data(key)
    return EXIT.ok
  },
}
