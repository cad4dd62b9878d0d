import { availableParallelism, loadavg } from 'node:os'
import { pathToFileURL } from 'node:url'

/** What a check found wrong. */
export interface Violation {
  readonly kind: string
  /** For one that says that nothing was tried, or measured: with it no finding is sound, and what was planted is not found. */
  readonly isIdle?: true
}

/** That nothing was tried, or measured. */
export function idle(kind: string): Violation {
  return { kind, isIdle: true }
}

/** What a check of this folder found. */
export interface Finding {
  readonly title: string
  /** How much was tried, in words. */
  readonly tried: string
  readonly violations: readonly Violation[]
  /** Of a fault that was planted: the kinds of violations that give it away, each of which has to be found. Absent for ours. */
  readonly expected?: readonly [string, ...string[]]
}

/** True for what was planted to be found. */
export function isPlanted({ expected }: Finding): boolean {
  return expected !== undefined
}

/** True when something was planted and all that gives it away was found, and something of ours was tried without a violation; not when something was idle. */
export function isSound(findings: readonly Finding[]): boolean {
  if (!findings.some(isPlanted) || findings.every(isPlanted)) return false
  return findings.every(({ expected, violations }) => {
    if (violations.some(({ isIdle }) => isIdle)) return false
    const kinds = violations.map(({ kind }) => kind)
    return expected === undefined ? kinds.length === 0 : expected.every((kind) => kinds.includes(kind))
  })
}

/** Runs a check as a command: `node --conditions=source FILE [--long]`, exit code 1 when it is not sound. */
export async function asCommand(
  url: string,
  title: string,
  check: (options: { readonly long: boolean }) => Promise<readonly Finding[]>,
): Promise<void> {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return
  const long = process.argv.includes('--long')
  const started = performance.now()
  console.log(`# ${title}${long ? ', long form' : ''}`)
  const load = loadavg()
  console.log(
    `${new Date().toISOString()}, ${availableParallelism()} cores, load ${load[0]?.toFixed(1)}, Node ${process.version}`,
  )
  const findings = await check({ long })
  for (const finding of findings) {
    const { title: what, tried, violations } = finding
    const kinds = [...new Set(violations.map(({ kind }) => kind))].join(', ')
    const found = violations.length === 0 ? '0 violations' : `${violations.length} violations (${kinds})`
    console.log(`${isPlanted(finding) ? 'planted' : 'ours   '} | ${what} | ${tried} | ${found}`)
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (!isSound(findings)) process.exitCode = 1
}
