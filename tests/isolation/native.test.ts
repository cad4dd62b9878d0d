import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWall } from '../../packages/server/src/runtime/host/index.ts'

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url))
const SOURCE = fileURLToPath(new URL('./native-probe.c', import.meta.url))
const NOBODY = 65_534
const IS_ROOT = process.getuid?.() === 0
const USERS = [
  { who: IS_ROOT ? 'root' : 'an ordinary user', identity: {} },
  ...(IS_ROOT ? [{ who: 'an ordinary user', identity: { uid: NOBODY, gid: NOBODY } }] : []),
]

const EPERM = 1
/** What a kernel answers that was built or set up without something. */
const ABSENT = [EPERM, 38, 97]

/** As `native-probe.c` names them. The first three are there on every kernel. */
const COMMON = ['open a netlink socket', 'start a process', "read the key in the server's keyring"]
const ATTEMPTS = [
  ...COMMON,
  'open a vsock socket',
  'make System V memory',
  'handle its own page faults',
  'make memory that the kernel cannot read',
  'reach io_uring',
]

const isWhole = (await buildWall()).level === 'full'
const folder = mkdtempSync(join(tmpdir(), 'blindai-native-'))
const probe = join(folder, 'native-probe')
const cleanUp = (): void => rmSync(folder, { recursive: true, force: true })
afterAll(cleanUp)

/** Compiles the probe, where there is a C compiler; it needs no libraries, for the private file system has few. */
function compile(): boolean {
  chmodSync(folder, 0o755)
  const options = ['-static', '-O1', '-o', probe, SOURCE]
  return ['cc', 'gcc'].some((compiler) => spawnSync(compiler, options, { stdio: 'ignore' }).status === 0)
}

const isCompiled = isWhole && compile() && existsSync(probe)
// Hooks of a file in which all is skipped do not run.
if (!isCompiled) cleanUp()
const why = isCompiled ? '' : ' (skipped: no C compiler, or no whole wall)'

describe.runIf(isCompiled).each(USERS)(`native code in an engine on a server of $who${why}`, ({ identity }) => {
  let walled: Record<string, number>
  let unwalled: Record<string, number>
  beforeAll(() => {
    walled = attempt('walled', identity)
    unwalled = attempt('unwalled', identity)
  })

  test.for(ATTEMPTS)('cannot %s, and could without the wall where the kernel can', (name) => {
    expect(walled[name]).toBe(EPERM)
    expect([0, ...(COMMON.includes(name) ? [] : ABSENT)]).toContain(unwalled[name])
  })

  test('tries nothing else', () => {
    expect(Object.keys(walled).sort()).toEqual([...ATTEMPTS].sort())
  })
})

/** A server with a key in its session keyring, and what its engine could do: error numbers by attempt. */
function attempt(walling: string, identity: object): Record<string, number> {
  const server = [process.execPath, '--conditions=source', SERVER, walling, 'native', probe]
  const { stdout } = spawnSync(probe, server, { env: { HOME: dirname(SERVER) }, encoding: 'utf8', ...identity })
  return JSON.parse(stdout)
}
