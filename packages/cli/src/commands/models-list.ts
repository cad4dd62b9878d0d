import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { printModelTable } from '../model-table.ts'
import { withSession } from '../session.ts'

/** `blindai models list` */
export const modelsList: Command = {
  path: ['models', 'list'],
  summary: 'List the models that you own or may run.',
  details: 'A model that another tenant granted to you has the name OWNER~NAME; a bare name is always one of yours.',
  positionals: [],
  options: {},
  usesServer: true,
  examples: ['blindai models list --json'],
  async run(invocation) {
    const models = await withSession(invocation, (session) => session.models.list({ signal: invocation.interrupted }))
    printModelTable(models, invocation.terminal)
    invocation.terminal.data({ models })
    return EXIT.ok
  },
}
