import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { refuseOpenDoors } from '../src/gatekeeper-doors.ts'
import { unwalled } from '../src/runtime/host/wall/unwalled.ts'

const CLEAN = {
  env: { PATH: '/usr/bin', HOME: '/', NODE_ENV: 'test', NODE_EXTRA_CA_CERTS: '/a', NODE_OPTIONS: '' },
  execArgv: [],
}

describe('a process that is to serve', () => {
  test('may have what opens nothing', () => {
    const execArgv = ['--conditions=source', '--disable-sigusr1', '--max-old-space-size=4096']
    expect(refuseOpenDoors({ ...CLEAN, execArgv })).toBeUndefined()
  })

  test.each([
    'NODE_OPTIONS',
    'NODE_DEBUG',
    'NODE_DEBUG_NATIVE',
    'NODE_V8_COVERAGE',
    'NODE_REDIRECT_WARNINGS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'NODE_SOMETHING_OF_A_LATER_VERSION',
    'SSLKEYLOGFILE',
    'OPENSSL_CONF',
    'LD_PRELOAD',
    'LD_AUDIT',
  ])('is refused with the variable %s, by its name alone', (name) => {
    const refused = (): void => refuseOpenDoors({ ...CLEAN, env: { ...CLEAN.env, [name]: '/a/value' } })
    expect(refused).toThrow(expect.objectContaining({ code: 'DOOR_OPEN', details: expect.objectContaining({ name }) }))
    expect(refused).not.toThrow('/a/value')
  })

  test.each([
    ['--inspect', '--inspect'],
    ['--inspect-brk=0.0.0.0:9229', '--inspect-brk'],
    ['--tls-keylog=/a/value', '--tls-keylog'],
    ['--heapsnapshot-signal=SIGUSR2', '--heapsnapshot-signal'],
    ['--heapsnapshot-near-heap-limit=1', '--heapsnapshot-near-heap-limit'],
    ['--report-on-fatalerror', '--report-on-fatalerror'],
    ['--report-on-signal', '--report-on-signal'],
    ['--report-uncaught-exception', '--report-uncaught-exception'],
    ['--cpu-prof', '--cpu-prof'],
    ['--heap-prof', '--heap-prof'],
    ['--require=/a/value', '--require'],
    ['--import=/a/value', '--import'],
    ['--trace-event-categories=v8', '--trace-event-categories'],
    ['--something-of-a-later-version', '--something-of-a-later-version'],
  ])('is refused with the option %s, by its name alone', (option, name) => {
    expect(() => refuseOpenDoors({ ...CLEAN, execArgv: [option] })).toThrow(
      expect.objectContaining({ code: 'DOOR_OPEN', details: { kind: "Node's option", name } }),
    )
  })

  test('is refused with a debugger that listens already', () => {
    const inspectorUrl = 'ws://127.0.0.1:9229/x'
    expect(() => refuseOpenDoors({ ...CLEAN, inspectorUrl })).toThrow(expect.objectContaining({ code: 'DOOR_OPEN' }))
  })
})

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const SIGUSR1_BIT = 1 << (constants.signals.SIGUSR1 - 1)

/** Source: proc_pid_status(5), "SigBlk". The low half is enough for the signal asked for. */
function blockedSignals({ pid }: ChildProcess): number {
  const mask = /^SigBlk:\s+[0-9a-f]*([0-9a-f]{8})$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number.parseInt(mask ?? '0', 16)
}

describe('an engine without a wall', () => {
  test.runIf(process.platform === 'linux')('opens no debugger on SIGUSR1 and goes on', async () => {
    const child = unwalled().spawn({ memoryBudgetBytes: 0 })
    children.push(child)
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await once(child, 'spawn')
    // Before Node has looked at its options the signal ends the process, which opens nothing either.
    await expect.poll(() => blockedSignals(child) & SIGUSR1_BIT).toBe(SIGUSR1_BIT)
    for (let sent = 0; sent < 10; sent++) child.kill('SIGUSR1')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(child.exitCode ?? child.signalCode).toBeNull()
    expect(said).toBe('')
  })
})

describe('a process that writes core files', () => {
  test.runIf(process.platform === 'linux')('writes none once it was guarded, and starts none that does', async () => {
    const guard = new URL('../src/core-files.ts', import.meta.url).href
    const source = `import(${JSON.stringify(guard)}).then(({ forbidCoreFiles }) => {
      forbidCoreFiles(); require('node:child_process').spawn('cat', { stdio: 'inherit' }); console.log('guarded'); setInterval(() => {}, 1000)
    })`
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=commonjs', '--eval', source])
    children.push(child)
    await once(child.stdout, 'data')
    const cat = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').at(-1)
    for (const pid of [child.pid, cat]) {
      expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size\s+[01]\s+[01]\s/m)
      expect(Number(`0x${readFileSync(`/proc/${pid}/coredump_filter`, 'utf8').trim()}`)).toBe(0)
    }
  })
})
