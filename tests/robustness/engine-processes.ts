import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Engines as the operating system shows them, without asking the server. */

/** True where there is /proc to look through. */
export const HAS_PROC: boolean = existsSync('/proc/self/stat')

/** A process below this one. */
export interface EngineProcess {
  readonly pid: number
  readonly parent: number
  /** Processor time so far, in ticks of the system's clock. */
  readonly ticks: number
}

/** All processes below this one: the engines, and the programs that keep their namespaces. */
export function processesBelow(): EngineProcess[] {
  const all = new Map<number, EngineProcess>()
  for (const entry of readdirSync('/proc')) {
    const seen = /^\d+$/.test(entry) ? read(Number(entry)) : undefined
    if (seen !== undefined) all.set(seen.pid, seen)
  }
  const isBelow = ({ parent }: EngineProcess): boolean => {
    if (parent === process.pid) return true
    const above = all.get(parent)
    return above !== undefined && isBelow(above)
  }
  return [...all.values()].filter(isBelow)
}

/** Those without a process below them: behind a wall these are the engines themselves. */
export function innermost(processes: readonly EngineProcess[]): EngineProcess[] {
  return processes.filter(({ pid }) => !processes.some(({ parent }) => parent === pid))
}

/** Source: proc_pid_stat(5): the name in parentheses, then state 3, ppid 4, … utime 14, stime 15. */
function read(pid: number): EngineProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A process that was killed stays as a zombie until its parent looks.
    if (fields[0] === 'Z') return undefined
    return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch (error) {
    // It ended meanwhile.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}
