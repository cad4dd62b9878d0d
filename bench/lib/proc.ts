import { readdirSync, readFileSync } from 'node:fs'

/** What Linux says of processes. Source: proc(5). */

/** Clock ticks a second, as every Linux in use has it. */
const TICKS_PER_SECOND = 100

/** Processor time that a process has used, in milliseconds, to 10 ms. */
export function cpuMs(pid: number): number {
  const [user, system] = [statField(pid, 14), statField(pid, 15)]
  return ((Number(user) + Number(system)) * 1000) / TICKS_PER_SECOND
}

/** Memory of a process in MiB: all that is resident, and its share where pages are shared. */
export function memoryMiB(pid: number): { readonly resident: number; readonly proportional: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1])
  return { resident: kib('Rss') / 1024, proportional: kib('Pss') / 1024 }
}

/** The processes below a process, children's children included. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = statField(Number(entry), 4)
    if (parent !== undefined) parents.set(Number(entry), Number(parent))
  }
  const isBelow = (candidate: number): boolean => {
    const parent = parents.get(candidate)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  return [...parents.keys()].filter(isBelow)
}

/** A field of /proc/PID/stat, counted from 1; undefined when the process has gone. */
function statField(pid: number, field: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in brackets, which may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3]
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ESRCH'))
      return undefined
    throw cause
  }
}
