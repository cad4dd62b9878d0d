import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A machine that does much else starts a server slowly. */
const PATIENCE_MS = 90_000

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-serve-process-'))
})
afterAll(() => rm(folder, { recursive: true }))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** `blindai serve` as a process, with what it says. */
function serve(options: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const args = [
    'serve',
    '--simulated',
    '--json',
    '--isolation',
    'none',
    '--port',
    '0',
    '--plain-port',
    '0',
    '--end-with-stdin',
  ]
  const child = spawn(process.execPath, ['--conditions=source', ...options, MAIN, ...args, '--state', folder], {
    env: { PATH: process.env.PATH, ...env },
    // Standard input stays open: it must not keep the process from ending.
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  children.push(child)
  const said = { out: '', log: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.log += text
  })
  return { child, said, ended: once(child, 'close') }
}

async function listening({ said }: ReturnType<typeof serve>): Promise<{ readonly plainUrl: string }> {
  await expect.poll(() => said.out, { timeout: PATIENCE_MS }).toContain('"listening"')
  return JSON.parse(said.out)
}

/** True when something listens at the port of Node's debugger. */
function hasDebugger(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(9229, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
  })
}

describe('the process of `serve`', { timeout: 2 * PATIENCE_MS }, () => {
  test('opens no debugger, writes no core file, and ends at once with 130 at a second signal', async () => {
    const served = serve()
    const { plainUrl } = await listening(served)
    const { pid } = served.child
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')).toContain('--disable-sigusr1')
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size\s+[01]\s+[01]\s/m)
    expect(Number(`0x${readFileSync(`/proc/${pid}/coredump_filter`, 'utf8').trim()}`)).toBe(0)

    const before = await hasDebugger()
    served.child.kill('SIGUSR1')
    served.child.kill('SIGUSR1')
    expect((await fetch(`${plainUrl}/v2/health/live`)).status).toBe(200)
    expect(await hasDebugger()).toBe(before)

    // The notice is long enough for a look at it, and for the second signal.
    served.child.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${plainUrl}/v2/health/ready`)).status).toBe(503)
    expect((await fetch(`${plainUrl}/v2/health/live`)).status).toBe(200)
    served.child.kill('SIGTERM')
    expect(await served.ended).toEqual([130, null])
    expect(served.said.log).not.toMatch(/Debugger|Warning/)
  })

  test.each(['SIGTERM', 'SIGQUIT'] as const)('ends with 0 at %s', async (signal) => {
    const served = serve()
    await listening(served)
    served.child.kill(signal)
    expect(await served.ended).toEqual([0, null])
    expect(served.said.log).toContain('server-closed')
  })

  test.each([
    ['NODE_OPTIONS', '--no-warnings', []],
    ['--heapsnapshot-signal', undefined, ['--heapsnapshot-signal=SIGUSR2']],
    ['--inspect', undefined, ['--inspect=127.0.0.1:0']],
  ])('does not start with %s', async (name, value, options) => {
    const served = serve(options, value === undefined ? {} : { [name]: value })
    expect(await served.ended).toEqual([1, null])
    expect(JSON.parse(served.said.out)).toMatchObject({ error: { code: 'DOOR_OPEN', details: { name } } })
  })
})
