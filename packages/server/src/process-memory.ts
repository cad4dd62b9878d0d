import { readFileSync } from 'node:fs'

/** Where memory is read. */
export interface MemoryFiles {
  /** The text of a file; fails as `readFileSync` does. */
  readonly read: (path: string) => string
  /** What this process holds, the pages of files included. */
  readonly own: () => number
}

/** The kernel makes these files up from memory: nothing waits for a disk, and a thread of the pool costs more than the read. */
const PROC: MemoryFiles = { read: (path) => readFileSync(path, 'utf8'), own: () => process.memoryUsage.rss() }

/**
 * What this process and all its descendants hold in memory that nobody else could have back: anonymous and shared memory,
 * without the pages of files, which the kernel drops when it needs room. Engines are descendants, whatever wall they are
 * behind.
 *
 * Where the machine has no such files (outside Linux) it is what this process holds; where they do not say what this process
 * holds, that is counted with the pages of files.
 *
 * Source: proc_pid_status(5), "RssAnon", "RssShmem"; proc_pid_task(5), "children".
 *
 * @throws what reading throws, but for a process that has ended: what cannot be read is not nothing.
 */
export function processTreeBytes(files: MemoryFiles = PROC): number {
  if (process.platform !== 'linux') return files.own()
  const own = heldBy(files, process.pid)
  return (own === 0 ? files.own() : own) + bytesBelow(files, process.pid)
}

function heldBy(files: MemoryFiles, pid: number): number {
  const status = textOf(files, `/proc/${pid}/status`)
  return kilobytes(status, 'RssAnon') + kilobytes(status, 'RssShmem')
}

function bytesBelow(files: MemoryFiles, pid: number): number {
  // Children that any other thread started show with that thread; Node starts all of them from its first.
  const children = textOf(files, `/proc/${pid}/task/${pid}/children`)
  const pids = children.split(' ').filter((text) => /^\d+$/.test(text))
  return pids.map(Number).reduce((sum, child) => sum + heldBy(files, child) + bytesBelow(files, child), 0)
}

function kilobytes(status: string, field: string): number {
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0)
}

/** A process that has ended meanwhile holds nothing. */
function textOf({ read }: MemoryFiles, path: string): string {
  try {
    return read(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}
