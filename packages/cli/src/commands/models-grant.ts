import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'

/** `blindai models grant MODEL TENANT` */
export const modelsGrant: Command = {
  path: ['models', 'grant'],
  summary: 'Let another tenant, or all of them, run a model of yours.',
  details: `A grant covers running and nothing else: no bytes, no deleting, no further granting. An engine that has seen the
inputs of one tenant serves no other, unless you and the operator both allow it.`,
  positionals: [
    { name: 'MODEL', help: 'A name of yours, or a SHA-256.', required: true },
    { name: 'TENANT', help: 'The name of a tenant, or "*" for all.', required: true },
  ],
  options: {
    'share-engines': {
      type: 'flag',
      help: 'Also let one engine serve several of those who may run it, where the operator allows it, too.',
    },
  },
  usesServer: true,
  examples: ['blindai models grant mobilenet clinic', "blindai models grant mobilenet '*'"],
  async run(invocation) {
    const [model = '', tenant = ''] = invocation.positionals
    const options = { signal: invocation.interrupted }
    const isShared = invocation.flag('share-engines')
    await withSession(invocation, async ({ models }) => {
      await models.grant(model, tenant, options)
      if (isShared) await models.shareEngines(model, options)
    })
    invocation.terminal.line(`${tenant === '*' ? 'every tenant' : tenant} may run ${model}`)
    if (isShared) invocation.terminal.line('an engine of it may serve several tenants, one after the other')
    invocation.terminal.data({ model, tenant, granted: true, ...(isShared ? { sharedEngines: true } : {}) })
    return EXIT.ok
  },
}
