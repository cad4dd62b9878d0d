import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What a process has open, by kind. Source: proc_pid_fd(5). */
export function descriptorsOf(pid: number): { readonly all: number; readonly sockets: number } {
  const folder = `/proc/${pid}/fd`
  const names = readdirSync(folder)
  const sockets = names.filter((name) => targetOf(`${folder}/${name}`).startsWith('socket:')).length
  return { all: names.length, sockets }
}

/** What a process holds that is in no file. Source: proc_pid_status(5), "RssAnon". */
export function residentBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new RangeError(`process ${pid} tells nothing of its memory`)
  return 1024 * Number(kilobytes)
}

/** Empty for one that was closed meanwhile. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
