import { basename, resolve } from 'node:path'
import { taskOfFolder } from '../bundle-task.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { printModel } from '../model-table.ts'
import { numberOption } from '../number-option.ts'
import { formatBytes, PART_BYTES, progressOf } from '../progress.ts'
import { withSession } from '../session.ts'

/** `blindai models upload PATH` */
export const modelsUpload: Command = {
  path: ['models', 'upload'],
  summary: 'Upload a model: an .onnx file, a folder in the Hugging Face layout, or a tar of one.',
  details: `The model leaves this machine only after the server's evidence is affirming. An interrupted upload goes on where
it stopped when the command is repeated. A model is named by the SHA-256 of its bytes; NAME is an alias of yours.`,
  positionals: [{ name: 'PATH', help: 'An .onnx file, a folder, or a .tar file.', required: true }],
  options: {
    name: { type: 'text', value: 'NAME', help: 'An alias for the model.' },
    task: {
      type: 'text',
      value: 'TASK',
      help: 'What a bundle does, such as image-classification. Default: what config.json of a folder names.',
    },
    kind: {
      type: 'text',
      value: 'KIND',
      choices: ['onnx', 'bundle'],
      help: 'What PATH is. Default: bundle for folders and .tar, onnx otherwise.',
    },
    'share-engines': {
      type: 'flag',
      help: 'Let one engine serve several of those who may run it, where the operator allows it, too.',
    },
    'allow-cross-tenant-batching': {
      type: 'flag',
      help: 'Let requests of several tenants be computed in one run; wants --share-engines, and the operator to allow it.',
    },
    'pad-to-multiple-of': {
      type: 'text',
      value: 'PLACES',
      help: 'Fill short texts up to a multiple of so many places, so that those of several lengths share a run.',
    },
  },
  usesServer: true,
  examples: [
    'blindai models upload samples/models/mobilenet_v2_1.0_224 --name mobilenet',
    'blindai models upload samples/models/mnist.onnx --name mnist',
  ],
  async run(invocation) {
    const { terminal, positionals, folder, text, flag } = invocation
    const path = resolve(folder, positionals[0] ?? '')
    const name = text('name')
    const kind = text('kind')
    if (kind === 'onnx' && text('task') !== undefined) {
      throw new CliError('USAGE', {
        problem: 'a bare .onnx file has no task: upload a folder',
        command: 'models upload',
      })
    }
    const places = numberOption('pad-to-multiple-of', invocation, 'models upload')
    const task = text('task') ?? (kind === 'onnx' ? undefined : await taskOfFolder(path))
    return await withSession(invocation, async (session) => {
      const progress = progressOf(`uploading ${name ?? basename(path)}`, terminal)
      const started = performance.now()
      try {
        const model = await session.models.upload(path, {
          ...(name === undefined ? {} : { name }),
          ...(task === undefined ? {} : { task }),
          ...(kind === 'onnx' || kind === 'bundle' ? { kind } : {}),
          sharedEngines: flag('share-engines'),
          allowCrossTenantBatching: flag('allow-cross-tenant-batching'),
          ...(places === undefined ? {} : { padToMultipleOf: places }),
          onProgress: progress.update,
          partBytes: PART_BYTES,
          signal: invocation.interrupted,
        })
        progress.end()
        terminal.note(`uploaded ${formatBytes(model.bytes)} in ${Math.round(performance.now() - started)} ms`)
        printModel(model, terminal)
        terminal.data(model)
        return EXIT.ok
      } finally {
        progress.end()
      }
    })
  },
}
