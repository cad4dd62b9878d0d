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
  options: {
    'share-engines': {
      type: 'flag',
      help: 'Also let no engine serve several tenants any more; those that did are killed.',
    },
  },
  usesServer: true,
  examples: ['blindai models revoke mobilenet clinic', "blindai models revoke mobilenet '*'"],
  async run(invocation) {
    const [model = '', tenant = ''] = invocation.positionals
    const options = { signal: invocation.interrupted }
    const isSeparated = invocation.flag('share-engines')
    await withSession(invocation, async ({ models }) => {
      await models.revoke(model, tenant, options)
      if (isSeparated) await models.separateEngines(model, options)
    })
    invocation.terminal.line(`${tenant === '*' ? 'every tenant' : tenant} may no longer run ${model}`)
    invocation.terminal.data({ model, tenant, granted: false, ...(isSeparated ? { sharedEngines: false } : {}) })
    return EXIT.ok
  },
}
