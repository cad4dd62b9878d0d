import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { withSession } from '../session.ts'

/** `blindai models delete MODEL` */
export const modelsDelete: Command = {
  path: ['models', 'delete'],
  summary: 'Delete a model of yours; engines that hold it are killed.',
  details: `The server destroys the key of the model before its bytes. An operator who keeps an older copy of the disk and of
the key store could bring it back; where nothing is stored beyond memory, there is no such copy.`,
  positionals: [{ name: 'MODEL', help: 'A name of yours, or a SHA-256.', required: true }],
  options: {},
  usesServer: true,
  examples: ['blindai models delete mobilenet'],
  async run(invocation) {
    const model = invocation.positionals[0] ?? ''
    await withSession(invocation, (session) => session.models.delete(model, { signal: invocation.interrupted }))
    invocation.terminal.line(`deleted ${model}`)
    invocation.terminal.data({ deleted: model })
    return EXIT.ok
  },
}
