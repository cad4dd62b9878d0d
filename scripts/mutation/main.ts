/** `npm run mutation`: runs Stryker on all of the verifier or on some of it, and writes what came out. */
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { page } from './page.ts'
import { fromReport, RESULTS, type Results, readResults } from './results.ts'

const CONFIG = join(import.meta.dirname, 'stryker.config.json')
const PAGE = join(import.meta.dirname, '../../docs/mutation.md')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false }, report: { type: 'boolean', default: false } },
})

if (!values.report) {
  const mutate = positionals.map((path) => (statSync(path).isDirectory() ? join(path, '**/*.ts') : path))
  const args = [
    'run',
    CONFIG,
    ...(mutate.length > 0 ? ['--mutate', mutate.join(',')] : []),
    ...(values.force ? ['--force'] : []),
  ]
  const { status } = spawnSync('stryker', args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const earlier = readResults()
const today = new Date().toISOString().slice(0, 10)
const results: Results = Object.fromEntries(
  Object.entries({ ...earlier, ...fromReport(today) })
    .map(([file, result]) => [file, keepDate(result, earlier[file])] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)
writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`)
writeFileSync(PAGE, page(results))
const all = Object.values(results)
const survived = all.reduce((sum, { survivors }) => sum + survivors.length, 0)
const mutants = all.reduce((sum, result) => sum + result.mutants, 0)
console.log(`${mutants} mutants, ${survived} survived: ${((100 * (mutants - survived)) / mutants).toFixed(1)} %`)

/** The date of a result that came out the same again stays. */
function keepDate(now: Results[string], before: Results[string] | undefined): Results[string] {
  return before !== undefined && JSON.stringify({ ...now, date: before.date }) === JSON.stringify(before) ? before : now
}
