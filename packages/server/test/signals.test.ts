import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { digestOf, KEYS } from './fixtures/house.ts'
import { ask1, socketTo } from './fixtures/listening.ts'

const ALICE = { authorization: `Bearer ${KEYS.alice}` }
const MODEL = new Uint8Array([1])
const BODY = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function serving() {
  const child = fork(new URL('./fixtures/serve-until-signal.ts', import.meta.url), {
    execArgv: ['--conditions=source'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  children.push(child)
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const [url] = await once(child, 'message')
  const socket = await socketTo({ port: Number(new URL(String(url)).port) })
  await ask1(socket, 'PUT', `/v1/models/${digestOf(MODEL)}?name=m`, ALICE, MODEL)
  return { child, socket, logOf: () => log }
}

describe('a process that serves', () => {
  test('ends what is in flight on SIGTERM and leaves with 0', async () => {
    const { child, socket, logOf } = await serving()
    const inFlight = ask1(socket, 'POST', '/v2/models/m/infer', ALICE, BODY)
    await once(child, 'message')
    child.kill('SIGTERM')
    await expect.poll(logOf).toContain('server-draining')
    child.send('answer')
    expect(await inFlight).toMatchObject({ status: 200 })
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('opens no debugger on SIGUSR1', async () => {
    const { child, socket, logOf } = await serving()
    child.kill('SIGUSR1')
    expect(await ask1(socket, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
    expect(logOf()).not.toContain('Debugger')
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
})
