import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildWall } from '../../packages/server/src/runtime/host/index.ts'
import { ATTEMPT_NAMES, type Report } from './attempts.ts'

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url))
const NOBODY = 65_534
const IS_ROOT = process.getuid?.() === 0

/** Who runs the server: whoever runs this test, and besides, where that is root, somebody ordinary. */
const USERS = [
  { who: IS_ROOT ? 'root' : 'an ordinary user', identity: {} },
  ...(IS_ROOT ? [{ who: 'an ordinary user', identity: { uid: NOBODY, gid: NOBODY } }] : []),
]

/** A machine without namespaces cannot run this suite, and skips it unless `BLINDAI_REQUIRE` names faults. */
const isRequired = (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')
const isWhole = (await buildWall()).level === 'full'

const SECRET = openSync(SERVER, 'r')
const INHERITED = 40

function startServer(walling: string, mode: string, identity: object): ChildProcess {
  return spawn(process.execPath, ['--conditions=source', SERVER, walling, mode], {
    env: { HOME: dirname(SERVER) },
    // Descriptors that the server itself was given and might pass on; Node keeps back the first of them by itself.
    stdio: ['ignore', 'pipe', 'inherit', ...gap(9 - 3), SECRET, ...gap(INHERITED - 10), SECRET],
    ...identity,
  })
}

function gap(length: number): 'ignore'[] {
  return new Array<'ignore'>(length).fill('ignore')
}

async function lineOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text
}

describe.runIf(isWhole || isRequired).each(USERS)(
  'an engine in the hands of an attacker, on a server of $who',
  ({ identity }) => {
    let walled: Report
    let unwalled: Report
    beforeAll(async () => {
      walled = JSON.parse(await lineOf(startServer('walled', 'attack', identity)))
      unwalled = JSON.parse(await lineOf(startServer('unwalled', 'attack', identity)))
    })

    test('stands behind the whole wall', () => {
      expect(walled).toMatchObject({ level: 'full', missing: [] })
      expect(unwalled).toMatchObject({ level: 'none' })
    })

    test.for(ATTEMPT_NAMES)('cannot %s, and could without the wall', (name) => {
      expect(walled.outcomes[name]).toMatchObject({ succeeded: false })
      expect(unwalled.outcomes[name]).toMatchObject({ succeeded: true })
    })

    test('would have found the very secrets', () => {
      expect(unwalled.outcomes["read the server's memory"].result).toBe(unwalled.secret)
      expect(unwalled.outcomes["read another engine's memory"].result).toBe(unwalled.siblingSecret)
    })

    test('has inherited no descriptor but its channel', () => {
      expect(walled.descriptors).toEqual([])
      expect(unwalled.descriptors).toEqual([INHERITED])
    })

    test('leaves its neighbours alone', () => {
      expect(walled).toMatchObject({ signals: 0, siblingSurvived: true })
      expect(unwalled).toMatchObject({ signals: 1, siblingSurvived: false })
    })

    test.for([
      ['deaf as it may be', 'spin'],
      ['though it takes back its wish to die', 'outlive'],
    ])('is gone when the server is killed, %s', async ([, mode = '']) => {
      const server = startServer('walled', mode, identity)
      const { pids }: { pids: number[] } = JSON.parse(await lineOf(server))
      expect(pids.map(isAlive)).toEqual([true, true])
      server.kill('SIGKILL')
      await once(server, 'exit')
      await allGone(pids)
    })
  },
)

/** Resolves when none of the processes runs any more; the test's own time limit is the only one. */
async function allGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await delay(10)
}

/** A zombie that nobody has waited for runs no more. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
