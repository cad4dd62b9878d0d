import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'

/** `blindai models grant MODEL TENANT` */
export const modelsGrant: Command = {
  path: ['models', 'grant'],
  summary: 'Let another tenant, or all of them, run a model of yours.',
  details: 'A grant covers running and nothing else: no bytes, no deleting, no further granting.',
  positionals: [
    { name: 'MODEL', help: 'A name of yours, or a SHA-256.', required: true },
    { name: 'TENANT', help: 'The name of a tenant, or "*" for all.', required: true },
  ],
  options: {},
  usesServer: true,
  examples: ['blindai models grant mobilenet clinic', "blindai models grant mobilenet '*'"],
  async run(invocation) {
    const [model = '', tenant = ''] = invocation.positionals
    await withSession(invocation, (session) => session.models.grant(model, tenant, { signal: invocation.interrupted }))
    invocation.terminal.line(`${tenant === '*' ? 'every tenant' : tenant} may run ${model}`)
    invocation.terminal.data({ model, tenant, granted: true })
    return EXIT.ok
  },
}
