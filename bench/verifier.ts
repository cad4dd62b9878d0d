import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { bundleForPages } from './lib/bundle.ts'
import { inPage } from './lib/page.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { median, quantile } from './lib/statistics.ts'
import { type Timed, timeVerification, type Work } from './lib/verifier-loop.ts'

/**
 * How long it takes to verify evidence in full, in Node and in Chromium, and what the package weighs in a page.
 *
 *   node --conditions=source bench/verifier.ts [--times 200] [--warm-up 50] [--rounds 3]
 */

const VECTORS = join(import.meta.dirname, '../vectors/attestation')
const work = (title: string, file: string): Work => ({
  title,
  input: JSON.parse(readFileSync(join(VECTORS, file), 'utf8')),
})
const WORKS = [
  work('DCAP, TDX quote v4 of a real platform', 'raw/tdx.json'),
  work('DCAP, SGX quote v3 of a real platform', 'raw/sgx.json'),
  work('DCAP, a whole document with a simulated TD, keys included', 'simulated/accepted.json'),
  work('SEV-SNP, report of a real chip', 'raw/sev-snp.json'),
  work('Nitro, document of a real enclave', 'raw/nitro.json'),
]

const rounds = numberOption('rounds', 3)
const warmUp = numberOption('warm-up', 50)
const times = numberOption('times', 200)

printPlace('Verifier')
const bundle = await bundleForPages('packages/verifier/src/index.ts')
const loop = await bundleForPages('bench/lib/verifier-loop.ts')
await inPage(loop.files, async (page, version) => {
  const inChromium = async (one: Work): Promise<Timed> => {
    const args = JSON.stringify([one, warmUp, times])
    const call = `import('/bundle.js').then((m) => m.timeVerification(...${args})).then((timed) => JSON.stringify(timed))`
    return JSON.parse(await page.evaluate<string>(call))
  }
  const rows: string[][] = []
  for (const one of WORKS) {
    const node: Timed[] = []
    const chromium: Timed[] = []
    for (let round = 0; round < rounds; round++) {
      node.push(await timeVerification(one, warmUp, times))
      chromium.push(await inChromium(one))
    }
    const [first] = node
    if (first === undefined) continue
    const all = [...node, ...chromium].map(({ status, passed, failed }) => JSON.stringify([status, passed, failed]))
    if (new Set(all).size !== 1) throw new Error(`${one.title}: not always the same answer`)
    const answer = `${first.status}, ${first.passed.length} checks passed${first.failed.map((code) => `, failed ${code}`).join('')}`
    rows.push([one.title, text(node), text(chromium), answer])
  }
  printTable(['evidence', 'Node ms: median (10 % to 90 %)', `Chromium ${version} ms: the same`, 'answer'], rows)
})
printTable(
  ['brought into a page', 'bytes', 'gzip'],
  [['`@blindai/verifier`, everything', String(bundle.bytes), String(bundle.gzipBytes)]],
)
console.log(
  `load average at the end: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
)

/** The median, and from the fastest tenth to the slowest. */
function text(timed: readonly Timed[]): string {
  const ms = timed.flatMap((one) => one.ms)
  const at = (share: number): string => quantile(ms, share).toFixed(2)
  return `${median(ms).toFixed(2)} (${at(0.1)} to ${at(0.9)})`
}
