import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openEngineRoom } from '@blindai/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/**
 * The section "Tenants and keys" of the README, run as it stands there, in a folder of its own: the first block is the
 * server's terminal, the second another one. Only the port is another, so that it is free here, and `npm run -s blindai --` is
 * what that script of `package.json` runs, since this folder has no such file.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = await readFile(join(ROOT, 'README.md'), 'utf8')
const [, SECTION = ''] = README.split(/^## Tenants and keys$/m)
const BLOCKS = [...(SECTION.split(/^## /m)[0] ?? '').matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block = '']) => block)
const PRELUDE = `set -euo pipefail
npm() { test "$1 $2 $3 $4" = 'run -s blindai --'; shift 4; "$NODE" --conditions=source "$MAIN" "$@"; }
`
const { isolation } = await openEngineRoom()

let folder = ''
let server: ChildProcess | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-readme-'))
  await symlink(join(ROOT, 'samples'), join(folder, 'samples'))
})
afterEach(async () => {
  if (server?.pid !== undefined && server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit')
    // The group: bash and the server that it waits for.
    process.kill(-server.pid, 'SIGKILL')
    await exited
  }
  await rm(folder, { recursive: true })
})

function bash(block: string, port: number): ChildProcess {
  return spawn('bash', ['-c', PRELUDE + block.replaceAll('8443', String(port))], {
    cwd: folder,
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      NODE: process.execPath,
      MAIN: join(ROOT, 'packages/cli/src/main.ts'),
      BLINDAI_STATE: join(folder, '.blindai'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port')
  return address.port
}

async function said(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [code] = await once(child, 'exit')
  expect(code, text).toBe(0)
  return text
}

describe('the README', () => {
  test.runIf(isolation === 'full')(
    'on tenants and keys does what it says, as it stands',
    async () => {
      expect(BLOCKS).toHaveLength(2)
      const [serverBlock = '', clientBlock = ''] = BLOCKS
      const port = await freePort()
      server = bash(serverBlock, port)
      if (server.stdout === null) throw new TypeError('the output of the server is piped')
      const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
      createInterface({ input: server.stdout }).on('line', (line) => {
        if (line.startsWith('listening on ')) resolve()
      })
      server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
      await listening

      const shown = await said(bash(clientBlock, port))
      expect(shown).toMatch(/^models +0 of 10$/m)
      expect(shown).toMatch(/^minute +600 requests, 30 s of engines$/m)
      expect(shown).toMatch(/^root may run digits$/m)
      expect(shown).toMatch(/^revoked [0-9a-f]{16}$/m)
      expect(shown).toMatch(/^deleted clinic$/m)
      // What is left: the key files of the two people, and nothing of a model.
      expect((await readdir(folder)).filter((name) => name.endsWith('.key')).sort()).toEqual(
        ['admin.key', 'clinic-2.key', 'clinic.key', 'models.key'], // biome-ignore format: one list
      )
      expect(await readdir(join(folder, 'models', 'blobs'))).toEqual([])
      for (const name of ['admin.key', 'clinic.key', 'clinic-2.key']) {
        expect(shown).not.toContain((await readFile(join(folder, name), 'utf8')).trim())
      }
    },
    120_000,
  )
})
