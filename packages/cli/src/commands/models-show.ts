import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { printModel } from '../model-table.ts'
import { withSession } from '../session.ts'

/** `blindai models show MODEL` */
export const modelsShow: Command = {
  path: ['models', 'show'],
  summary: 'Show one model: its digest, task, inputs and outputs.',
  details: '',
  positionals: [
    { name: 'MODEL', help: 'A name of yours, OWNER~NAME of a model granted to you, or a SHA-256.', required: true },
  ],
  options: {},
  usesServer: true,
  examples: ['blindai models show mobilenet'],
  async run(invocation) {
    const model = await withSession(invocation, (session) =>
      session.models.show(invocation.positionals[0] ?? '', { signal: invocation.interrupted }),
    )
    printModel(model, invocation.terminal)
    invocation.terminal.data(model)
    return EXIT.ok
  },
}
