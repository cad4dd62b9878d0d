import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreFiles } from '@blindai/store'
import { interposed, operationName } from './interposed.ts'
import type { Manners } from './workload.ts'

/** What a child is told to do. */
export interface CrashOrder {
  readonly story: 'endless' | 'upload and delete' | 'tenants'
  readonly seed: number
  readonly manners: Manners
  /** Kills itself at this operation; `write blob#3` is the third of that name. */
  readonly failpoint?: string
  readonly moment?: Moment
  /** Says the name of each operation. */
  readonly names?: boolean
  /** Planted: puts the index in its place by copying it, which is not one step. */
  readonly copies?: boolean
}

export type Moment = 'before' | 'after' | 'half'

type Crash = Pick<CrashOrder, 'failpoint' | 'moment' | 'names' | 'copies'>

/** Files of a process that kills itself at one operation. */
export function crashingFiles(
  files: StoreFiles,
  folder: string,
  { failpoint, moment, names = false, copies = false }: Crash,
  say: (...line: readonly unknown[]) => void,
): StoreFiles {
  const counts = new Map<string, number>()
  const interposing = interposed(files, async (operation, run) => {
    const name = operationName(operation)
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    const full = `${name}#${count}`
    if (names) say('operation', full)
    if (full !== failpoint) return await run()
    if (moment === 'half') await operation.half?.()
    // What fails when it is done, as a removal of what is not there, was done all the same.
    if (moment === 'after') await Promise.allSettled([run()])
    process.kill(process.pid, 'SIGKILL')
    return await new Promise(() => undefined)
  })
  return copies ? { ...interposing, rename: (from, to) => copy(folder, from, to) } : interposing
}

/** As slow as a copy may be, so that a kill falls into it. */
async function copy(folder: string, from: string, to: string): Promise<void> {
  const bytes = readFileSync(join(folder, from))
  writeFileSync(join(folder, to), bytes.subarray(0, bytes.byteLength >> 1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  writeFileSync(join(folder, to), bytes)
}
