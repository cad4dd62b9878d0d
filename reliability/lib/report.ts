import { availableParallelism, loadavg } from 'node:os'
import { pathToFileURL } from 'node:url'

/** What a check of this folder found. */
export interface Finding {
  readonly title: string
  /** How much was tried, in words. */
  readonly tried: string
  readonly violations: readonly { readonly kind: string }[]
  /** A planted fault has to be found; anything else must not. */
  readonly planted: boolean
}

/** True when every planted fault was found and nothing else. */
export function isSound(findings: readonly Finding[]): boolean {
  return findings.every(({ planted, violations }) => planted === violations.length > 0)
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
  for (const { title: what, tried, violations, planted } of findings) {
    const kinds = [...new Set(violations.map(({ kind }) => kind))].join(', ')
    const found = violations.length === 0 ? '0 violations' : `${violations.length} violations (${kinds})`
    console.log(`${planted ? 'planted' : 'ours   '} | ${what} | ${tried} | ${found}`)
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (!isSound(findings)) process.exitCode = 1
}
