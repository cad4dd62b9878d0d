import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { buildWall, unwalled } from '../../packages/server/src/runtime/host/index.ts'
import type { Report, Targets } from './attempts.ts'

/**
 * A server with secrets and two engines in an attacker's hands, as a program of its own: `server.ts walled|unwalled
 * attack|spin|outlive`. It prints what it saw as one line of JSON; with the last two it stays, and so does its engine. With
 * `native PATH` a native program takes the place of the engine, and its line is printed.
 */

const MIB = 1024 * 1024
const PAYLOAD = fileURLToPath(new URL('./payload.ts', import.meta.url))
const [, , walling, mode, native = ''] = process.argv

const wall = walling === 'walled' ? await buildWall() : unwalled()
const nothing: Targets = {
  mode: 'spin',
  canary: '',
  secret: '',
  serverPid: process.pid,
  siblingPid: 0,
  tcpPort: 0,
  udpPort: 0,
  abstractSocket: '',
  secretFile: '',
  home: '',
  writable: '',
  memoryBytes: 0,
}
if (mode === 'spin' || mode === 'outlive') {
  const child = spawnPayload()
  if (mode === 'spin') await exchange(child, nothing)
  else await renounce(child)
  print({ level: wall.level, pids: [child.pid ?? 0, innerPid(child)] })
  setInterval(() => undefined, 1000)
} else if (mode === 'native') {
  const child = wall.spawn({ memoryBudgetBytes: 64 * MIB, native })
  child.stderr?.resume()
  process.stdout.write(await lineFrom(child))
  process.exit(0)
} else {
  print(await attack())
  process.exit(0)
}

async function attack(): Promise<Report> {
  const canary = `canary-${randomBytes(8).toString('hex')}-`
  const secret = randomBytes(16).toString('hex')
  const siblingSecret = randomBytes(16).toString('hex')
  const held = Buffer.from(`${canary}${secret}`)
  const folder = mkdtempSync(join(tmpdir(), 'blindai-isolation-'))
  const secretFile = join(folder, 'secret')
  writeFileSync(secretFile, 'a key', { mode: 0o600 })
  let signals = 0
  process.on('SIGUSR2', () => signals++)
  const abstractSocket = `blindai-isolation-${randomBytes(8).toString('hex')}`
  const tcp = createServer((socket) => socket.end('reached'))
  const local = createServer((socket) => socket.end('reached'))
  const udp = createSocket('udp4', (_, from) => udp.send('reached', from.port, from.address))
  tcp.listen(0, '127.0.0.1')
  local.listen({ path: `\0${abstractSocket}` })
  udp.bind(0, '127.0.0.1')
  await Promise.all([once(tcp, 'listening'), once(local, 'listening'), once(udp, 'listening')])

  const sibling = spawnPayload()
  const siblingExit = once(sibling, 'close')
  await exchange(sibling, { ...nothing, mode: 'hold', canary, secret: siblingSecret })
  const attacker = spawnPayload()
  const gone = once(attacker, 'close')
  const targets: Targets = {
    ...nothing,
    mode: 'attack',
    canary,
    siblingPid: innerPid(sibling),
    tcpPort: portOf(tcp),
    udpPort: udp.address().port,
    abstractSocket,
    secretFile,
    home: homedir(),
    writable: folder,
    memoryBytes: 1024 * MIB,
  }
  const { outcomes, descriptors } = JSON.parse(await exchange(attacker, targets))
  await gone
  const channel = sibling.stdio[3]
  if (channel instanceof Duplex) channel.end()
  const [exitCode] = await siblingExit
  rmSync(folder, { recursive: true })
  const report: Report = {
    level: wall.level,
    missing: wall.missing,
    outcomes,
    secret: held.toString('latin1', canary.length),
    siblingSecret,
    signals,
    siblingSurvived: exitCode === 0,
    descriptors,
  }
  return report
}

function spawnPayload(): ChildProcess {
  const child = wall.spawn({ memoryBudgetBytes: 64 * MIB, program: PAYLOAD })
  child.stderr?.resume()
  return child
}

/** Resolves when the payload no longer dies with its parent, as it says on standard error. */
async function renounce(child: ChildProcess): Promise<void> {
  const channel = child.stdio[3]
  if (channel instanceof Duplex) channel.write(`${JSON.stringify({ ...nothing, mode: 'outlive' })}\n`)
  let text = ''
  while (!text.includes('on its own')) text += String((await once(child.stderr ?? child, 'data'))[0])
}

/** Sends a line and reads one. */
async function exchange(child: ChildProcess, targets: Targets): Promise<string> {
  const channel = child.stdio[3]
  if (!(channel instanceof Duplex)) throw new TypeError('no channel')
  channel.write(`${JSON.stringify(targets)}\n`)
  return await lineFrom(child)
}

/** Waits for one line. */
async function lineFrom(child: ChildProcess): Promise<string> {
  const channel = child.stdio[3]
  if (!(channel instanceof Duplex)) throw new TypeError('no channel')
  let text = ''
  for (;;) {
    const [chunk] = await Promise.race([
      once(channel, 'data'),
      once(child, 'close').then(() => Promise.reject(new Error('the payload died'))),
    ])
    text += String(chunk)
    if (text.endsWith('\n')) return text
  }
}

/** The process that runs the payload, as this system numbers it: the child itself, or the last in the line from it. */
function innerPid({ pid = 0 }: ChildProcess): number {
  for (let inner = pid; ; ) {
    const [next = ''] = readFileSync(`/proc/${inner}/task/${inner}/children`, 'latin1').trim().split(' ')
    if (next === '') return inner
    inner = Number(next)
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address === 'object' && address !== null) return address.port
  throw new TypeError('no port')
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
