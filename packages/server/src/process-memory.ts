import { readFile } from 'node:fs/promises'

/**
 * What this process and all its descendants hold in memory that nobody else could have back: anonymous and shared memory,
 * without the pages of files, which the kernel drops when it needs room. Engines are descendants, whatever wall they are
 * behind.
 *
 * Where the machine has no such files (outside Linux) it is what this process holds.
 *
 * Source: proc_pid_status(5), "RssAnon", "RssShmem"; proc_pid_task(5), "children".
 */
export async function processTreeBytes(): Promise<number> {
  if (process.platform !== 'linux') return process.memoryUsage.rss()
  return bytesOf(process.pid)
}

async function bytesOf(pid: number): Promise<number> {
  const [status, children] = await Promise.all([
    textOf(`/proc/${pid}/status`),
    textOf(`/proc/${pid}/task/${pid}/children`),
  ])
  const pids = children.split(' ').filter((text) => /^\d+$/.test(text))
  // Children that any other thread started show with that thread; Node starts all of them from its first.
  const below = await Promise.all(pids.map((text) => bytesOf(Number(text))))
  return below.reduce((sum, bytes) => sum + bytes, kilobytes(status, 'RssAnon') + kilobytes(status, 'RssShmem'))
}

function kilobytes(status: string, field: string): number {
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0)
}

/** A process that has ended meanwhile holds nothing. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return ''
    throw error
  }
}
