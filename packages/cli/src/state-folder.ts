import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSystemError } from './files.ts'

/**
 * Where the command keeps what must outlive a run: the root of the simulator, and what servers have shown before. Readable by
 * its owner alone.
 *
 * `BLINDAI_STATE` names it; else it is `.blindai/` of a checkout, so that deleting the clone deletes it, and elsewhere
 * `blindai/` in the XDG state folder.
 */
export function stateFolder(env: Readonly<Record<string, string | undefined>>, folder: string): string {
  if (env.BLINDAI_STATE !== undefined && env.BLINDAI_STATE !== '') return resolve(folder, env.BLINDAI_STATE)
  const checkout = fileURLToPath(new URL('../../..', import.meta.url))
  if (existsSync(join(checkout, 'packages', 'cli', 'src', 'main.ts'))) return join(checkout, '.blindai')
  const base = env.XDG_STATE_HOME ?? ''
  return join(base === '' ? join(homedir(), '.local', 'state') : base, 'blindai')
}

/** The simulator's part of a state folder. */
export function simulatorFolder(state: string): string {
  return join(state, 'simulator')
}

/** Where the TCB evaluation numbers of servers are remembered. */
export function evaluationNumbersFolder(state: string): string {
  return join(state, 'evaluation-numbers')
}

/** A folder of one run, mode 0700, gone after `remove`. */
export interface RunFolder {
  readonly path: string
  remove(): Promise<void>
}

/** Makes a folder for the keys and files of one run; two runs never share one, and what killed runs left is removed. */
export async function makeRunFolder(state: string, label: string): Promise<RunFolder> {
  await mkdir(state, { recursive: true, mode: 0o700 })
  await sweep(state, label)
  const path = await mkdtemp(join(state, `${label}-${process.pid}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

async function sweep(state: string, label: string): Promise<void> {
  for (const name of await readdir(state)) {
    const pid = new RegExp(`^${label}-([0-9]+)-`).exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(state, name), { recursive: true, force: true })
  }
}

/** True when a process of that number exists, also one of another user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return isSystemError(cause) && cause.code === 'EPERM'
  }
}
