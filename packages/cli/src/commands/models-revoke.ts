import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'

/** `blindai models revoke MODEL TENANT` */
export const modelsRevoke: Command = {
  path: ['models', 'revoke'],
  summary: 'Take back what models grant gave.',
  details: 'A run that has begun is finished; the next one is refused as if the model did not exist.',
  positionals: [
    { name: 'MODEL', help: 'A name of yours, or a SHA-256.', required: true },
    { name: 'TENANT', help: 'The name of a tenant, or "*" for all.', required: true },
  ],
  options: {},
  usesServer: true,
  examples: ['blindai models revoke mobilenet clinic', "blindai models revoke mobilenet '*'"],
  async run(invocation) {
    const [model = '', tenant = ''] = invocation.positionals
    await withSession(invocation, (session) => session.models.revoke(model, tenant, { signal: invocation.interrupted }))
    invocation.terminal.line(`${tenant === '*' ? 'every tenant' : tenant} may no longer run ${model}`)
    invocation.terminal.data({ model, tenant, granted: false })
    return EXIT.ok
  },
}
