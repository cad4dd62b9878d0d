import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, type Session } from '@blindai/client'
import { openSimulator } from '@blindai/simulator'
import { parsePolicy } from '@blindai/verifier'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ELEMENT, model, node, value } from '../support/onnx-writer.ts'
import { policyOf } from '../support/served.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** `y = x + x`. */
const DOUBLES = model({
  nodes: [node('Add', ['x', 'x'], ['y'])],
  inputs: [value('x', ELEMENT.float, ['n'])],
  outputs: [value('y', ELEMENT.float, ['n'])],
})
const THREE = { name: 'x', datatype: 'FP32', shape: [1], data: new Float32Array([3]) } as const

/** `blindai serve --simulated --store` as a process, and a session with it. */
interface Serving {
  readonly child: ChildProcess
  readonly session: Session
}

let folder = ''
const children: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-restart-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await rm(folder, { recursive: true })
})

async function serve(): Promise<Serving> {
  const state = join(folder, 'state')
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=source', MAIN, 'serve', '--simulated', '--json', '--port', '0', '--plain-port', '0'],
      ...['--isolation', 'none', '--state', state, '--store', 'models'],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  const { url, keyFile } = await listening(child)
  const policy = parsePolicy({
    ...policyOf(await openSimulator(join(state, 'simulator'))),
    config: { isolation: ['full', 'reduced', 'none'], keySource: ['file'] },
  })
  const session = await connect({ url, policy, apiKey: (await readFile(keyFile, 'utf8')).trim() })
  return { child, session }
}

async function listening(child: ChildProcess): Promise<{ readonly url: string; readonly keyFile: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; keyFile: string }>()
  if (child.stdout === null) throw new TypeError('the output of the server is piped')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, url, keyFile } = Object(JSON.parse(line))
    if (event === 'listening') resolve({ url: String(url), keyFile: String(keyFile) })
  })
  child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)))
  return await promise
}

async function end({ child, session }: Serving, signal: NodeJS.Signals): Promise<void> {
  await session.close()
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

async function answer({ session }: Serving, name: string): Promise<unknown> {
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
      await end(first, signal)

      const second = await serve()
      expect((await second.session.models.list()).map(({ name }) => name)).toEqual(['doubles'])
      expect(await answer(second, 'doubles')).toEqual([6])
      await expect(second.session.models.show(sha256)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
      expect(await readdir(join(folder, 'models', 'blobs'))).toHaveLength(1)
      await second.session.models.delete('doubles')
      await end(second, signal)

      const third = await serve()
      expect(await third.session.models.list()).toEqual([])
      await end(third, 'SIGTERM')
    },
    120_000,
  )
})

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`../../samples/models/${name}`, import.meta.url))
}
