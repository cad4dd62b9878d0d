import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { AttemptName, Outcome, Targets } from './attempts.ts'

/**
 * What an attacker does who has taken an engine over: this runs in an engine's place, behind the engine's wall, without
 * Node's own restrictions. It gets its targets as one line of JSON on descriptor 3 and answers with one.
 */

const CHANNEL = 3
const PATIENCE_MS = 2000
const REGION_BYTES = 64 * 1024 * 1024
/** What says on standard error that this process is on its own, and how long it would stay. */
const OUTLIVING = 'on its own'
const OUTLIVE_MS = 120_000

const ATTEMPTS: Readonly<Record<AttemptName, (targets: Targets) => unknown>> = {
  "read the server's memory": ({ serverPid, canary }) => readMemory(serverPid, canary),
  "read another engine's memory": ({ siblingPid, canary }) => readMemory(siblingPid, canary),
  'connect to the server by TCP': ({ tcpPort }) => talk(connect({ host: '127.0.0.1', port: tcpPort })),
  'connect to the server by an abstract socket': ({ abstractSocket }) => talk(connect({ path: `\0${abstractSocket}` })),
  'send the server a datagram': ({ udpPort }) => sendDatagram(udpPort),
  'signal the server': ({ serverPid }) => process.kill(serverPid, 'SIGUSR2'),
  'see another process': ({ serverPid, siblingPid }) => seeProcesses([serverPid, siblingPid]),
  "read the server's file": ({ secretFile }) => readFileSync(secretFile).byteLength,
  'read the list of users': () => readFileSync('/etc/passwd').byteLength,
  'list the home folder': ({ home }) => readdirSync(home).length,
  'write a file': ({ writable }) => writeSomewhere(['.', '/', '/app', '/tmp', '/dev/shm', writable]),
  'run another program': () => execFileSync('/bin/sh', ['-c', 'exit 0']).byteLength,
  'take more memory than it may': ({ memoryBytes }) => takeMemory(memoryBytes),
  'kill another engine': ({ siblingPid }) => process.kill(siblingPid, 'SIGTERM'),
}

const targets = receive()
if (targets.mode === 'spin') {
  answer({})
  // Deaf to everything, the end of the channel included.
  for (;;) Math.random()
} else if (targets.mode === 'outlive') {
  // As native code would by prctl(2): this very process no longer wishes to die with its parent, and tells so.
  const deaf = `require('node:fs').writeSync(2, '${OUTLIVING}'); setTimeout(() => undefined, ${OUTLIVE_MS})`
  process.execve?.('/setpriv', ['setpriv', '--pdeathsig', 'clear', '--', '/node', '-e', deaf], {})
} else if (targets.mode === 'attack') {
  const descriptors = foreignDescriptors()
  const outcomes: Record<string, Outcome> = {}
  for (const [name, attempt] of Object.entries(ATTEMPTS)) outcomes[name] = await tried(() => attempt(targets))
  answer({ outcomes, descriptors })
} else {
  // The canary stays in this process, which waits for the end of its channel.
  const held = Buffer.from(`${targets.canary}${targets.secret}`)
  answer({})
  readSync(CHANNEL, Buffer.alloc(1))
  held.fill(0)
}
process.exit(0)

async function tried(attempt: () => unknown): Promise<Outcome> {
  try {
    return { succeeded: true, result: String(await attempt()) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { succeeded: false, result: code }
  }
}

/** Looks for the canary in another process's memory and returns what stands behind it. */
function readMemory(pid: number, canary: string): string {
  const needle = Buffer.from(canary)
  const regions = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    const buffer = Buffer.alloc(REGION_BYTES)
    for (const region of regions) {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? []
      if (start === undefined || end === undefined) continue
      for (let at = BigInt(`0x${start}`); at < BigInt(`0x${end}`); at += BigInt(REGION_BYTES)) {
        const count = readSome(memory, buffer, at, BigInt(`0x${end}`) - at)
        for (
          let found = buffer.indexOf(needle);
          found >= 0 && found < count;
          found = buffer.indexOf(needle, found + 1)
        ) {
          const secret = buffer.toString('latin1', found + needle.byteLength, found + needle.byteLength + 32)
          if (/^[0-9a-f]{32}$/.test(secret)) return secret
        }
      }
    }
  } finally {
    closeSync(memory)
  }
  throw new Error('CANARY_NOT_FOUND')
}

/** Pages that cannot be read are passed over. */
function readSome(memory: number, buffer: Buffer, at: bigint, left: bigint): number {
  try {
    return readSync(memory, buffer, 0, Number(left < BigInt(REGION_BYTES) ? left : BigInt(REGION_BYTES)), at)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EIO') return 0
    throw error
  }
}

function talk(socket: ReturnType<typeof connect>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  socket.setTimeout(PATIENCE_MS, () => reject(new Error('TIMEOUT')))
  socket.on('data', (data) => resolve(data.toString('latin1')))
  socket.on('error', reject)
  return promise.finally(() => socket.destroy())
}

function sendDatagram(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = createSocket('udp4')
  const timer = setTimeout(() => reject(new Error('TIMEOUT')), PATIENCE_MS)
  socket.on('message', (data) => resolve(data.toString('latin1')))
  socket.on('error', reject)
  socket.send('hello', port, '127.0.0.1', (error) => error && reject(error))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

/** Process ids that are there and are not this process's own: those that are known, and those that the system lists. */
function seeProcesses(known: readonly number[]): string {
  const seen = known.filter((pid) => {
    try {
      return process.kill(pid, 0)
    } catch (error) {
      if (error instanceof Error && 'code' in error) return error.code === 'EPERM'
      throw error
    }
  })
  if (seen.length > 0) return seen.join()
  const listed = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  if (listed.length === 0) throw new Error('NONE')
  return listed.join()
}

function writeSomewhere(folders: readonly string[]): string {
  const refusals: unknown[] = []
  for (const folder of folders) {
    const path = join(folder, `blindai-isolation-${process.pid}.tmp`)
    try {
      writeFileSync(path, 'written by an engine')
      rmSync(path)
      return folder
    } catch (error) {
      refusals.push(error)
    }
  }
  throw refusals.at(-1)
}

function takeMemory(bytes: number): number {
  const taken: Buffer[] = []
  for (let left = bytes; left > 0; left -= REGION_BYTES) taken.push(Buffer.alloc(REGION_BYTES, 1))
  return taken.length
}

/** What this process holds besides its standard error and channel, both sockets, and what Node makes for itself. */
function foreignDescriptors(): number[] {
  return Array.from({ length: 61 }, (_, index) => CHANNEL + 1 + index).filter((descriptor) => {
    try {
      const stat = fstatSync(descriptor)
      return stat.isFile() || stat.isDirectory() || stat.isSocket() || stat.isBlockDevice()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EBADF') return false
      throw error
    }
  })
}

function receive(): Targets {
  const line: number[] = []
  const byte = Buffer.alloc(1)
  while (readSync(CHANNEL, byte) === 1 && byte[0] !== 0x0a) line.push(byte[0] ?? 0)
  return JSON.parse(Buffer.from(line).toString('utf8'))
}

function answer(value: object): void {
  writeSync(CHANNEL, `${JSON.stringify(value)}\n`)
}
