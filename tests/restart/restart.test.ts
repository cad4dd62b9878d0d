import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from '@blindai/client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ELEMENT, model, node, value } from '../support/onnx-writer.ts'
import { end, keyIn, type Serving, serveIn } from '../support/serve-process.ts'

/** `y = x + x`. */
const DOUBLES = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})
const THREE = { name: 'x', datatype: 'FP32', shape: [1], data: new Float32Array([3]) } as const

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-restart-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A server that keeps models, and a session with the key that it made. */
async function serve(): Promise<{ readonly server: Serving; readonly session: Session }> {
  const ports = ['--port', '0', '--plain-port', '0']
  const server = await serveIn(folder, [...ports, '--isolation', 'none', '--store', 'models'])
  return { server, session: await server.connect(await keyIn(server.keyFile ?? '')) }
}

async function answer({ session }: { readonly session: Session }, name: string): Promise<unknown> {
  const { outputs } = await session.infer(name, [THREE])
  return Array.from(Object(outputs[0]).data)
}

describe('models of a server that keeps them', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'run again after %s, deleted ones are gone',
    async (signal) => {
      const first = await serve()
      await first.session.models.upload(DOUBLES, { name: 'doubles' })
      const { sha256 } = await first.session.models.upload(await sample('mnist.onnx'), { name: 'digits' })
      await first.session.models.delete('digits')
      expect(await answer(first, 'doubles')).toEqual([6])
      await end(first.server, signal)

      const second = await serve()
      expect((await second.session.models.list()).map(({ name }) => name)).toEqual(['doubles'])
      expect(await answer(second, 'doubles')).toEqual([6])
      await expect(second.session.models.show(sha256)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
      expect(await readdir(join(folder, 'models', 'blobs'))).toHaveLength(1)
      await second.session.models.delete('doubles')
      await end(second.server, signal)

      const third = await serve()
      expect(await third.session.models.list()).toEqual([])
      await end(third.server, 'SIGTERM')
    },
    120_000,
  )
})

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`../../samples/models/${name}`, import.meta.url))
}
