import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const MAIN: string = join(ROOT, 'packages/cli/src/main.ts')

/** A demo in a process of its own, with a state folder of its own. */
export interface DemoProcess {
  readonly child: ChildProcess
  readonly state: string
  stdout(): string
  /** Resolves when the text is on stdout; rejects when the demo ends before. */
  shown(text: string): Promise<void>
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
}

/** A program that starts another where no namespace can be made, as on a machine that forbids them. */
export const WITHOUT_NAMESPACES = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'for n in user mnt pid net ipc uts; do echo 0 > /proc/sys/user/max_"$n"_namespaces; done; exec "$@"',
  'sh',
] as const

/** Whether this machine can forbid namespaces to a program. */
export const CAN_FORBID_NAMESPACES: boolean =
  spawnSync(WITHOUT_NAMESPACES[0], [...WITHOUT_NAMESPACES.slice(1), 'true']).status === 0

/** Starts `blindai demo`; it is killed and its state removed when the test is over. */
export function startDemo(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly within?: readonly string[] } = {},
): DemoProcess {
  const { env = {}, within = [] } = options
  const state = mkdtempSync(join(tmpdir(), 'blindai-demo-'))
  const command = [process.execPath, '--conditions=source', MAIN, 'demo', '--state', state, ...args]
  const [file = '', ...parameters] = [...within, ...command]
  const child = spawn(file, parameters, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(state, { recursive: true, force: true })
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, stdout, stderr }))
  const shown = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode} before "${text}": ${stderr}`)
      await Promise.race([once(child.stdout, 'data'), ended])
    }
  }
  return { child, state, stdout: () => stdout, shown, ended }
}

/** The JSON lines of a demo. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line))
}

/** Resolves when no process of that number is left; the test's own timeout bounds it. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
