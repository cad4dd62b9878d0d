// Takes each check out of the verifier in turn, and shows that exactly its cases fail. Writes docs/removed-checks.md.
// With --sample N [--seed S] it runs the cases of N files, chosen by the seed, and writes nothing; with names, the files that
// have one of them in their path.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MALFORMED_CATALOGUE } from '@blindai/core'
import { CHECK_SUMMARIES, POLICY_CATALOGUE, VERIFIER_CATALOGUE } from '@blindai/verifier'
import { createVitest, type TestModule, type TestSpecification, type Vitest } from 'vitest/node'
import { EXCEPTIONS } from './removed-checks/exceptions.ts'
import { type Case, evaluate, type Report, type Row } from './removed-checks/findings.ts'
import { instrument } from './removed-checks/instrument.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PAGE = new URL('../docs/removed-checks.md', import.meta.url)
/** Where cases are: documents, captures and policies with one thing wrong, each named after the code that says so. */
const CASES = ['refusals/*.test.ts', 'policy.test.ts', 'event-log.test.ts', 'tdx-event-log.test.ts'].map(
  (name) => `packages/verifier/test/${name}`,
)
const LABEL = /^([A-Z][A-Z0-9_]+): /

const { values, positionals } = parseArgs({
  options: { sample: { type: 'string' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const { sample, seed } = values
const isWhole = sample === undefined && positionals.length === 0
const began = performance.now()
const vitest = await load()
const all = await vitest.globTestSpecifications(positionals)
const chosen = sample === undefined ? all : pick(all, Number(sample), Number(seed ?? Date.now()))
await vitest.runTestSpecifications([...chosen], isWhole)
const modules = vitest.state.getTestModules()
const failed = modules.flatMap(failuresOf)
await vitest.close()

const cases = modules.flatMap(casesOf)
const wanted = {
  codes: [VERIFIER_CATALOGUE, MALFORMED_CATALOGUE, POLICY_CATALOGUE].flatMap((catalogue) => Object.keys(catalogue)),
  checks: Object.keys(CHECK_SUMMARIES),
  exceptions: EXCEPTIONS,
}
const report = evaluate(cases, isWhole ? wanted : undefined)
const problems = [...failed, ...report.problems]
const labelled = cases.filter(({ code }) => code !== undefined).length
const summary = `${labelled} cases of ${report.codes.length} codes in ${report.checks.length} checks`
console.log(`${summary}: ${problems.length} problems, ${Math.round((performance.now() - began) / 1000)} s`)
for (const problem of problems) console.log(`  ${problem}`)
if (labelled === 0) console.log('  nothing was taken out')
if (isWhole && problems.length === 0) writeFileSync(PAGE, page(report, summary))
process.exitCode = problems.length > 0 || labelled === 0 ? 1 : 0

function load(): Promise<Vitest> {
  const conditions = ['source']
  return createVitest(
    {
      root: ROOT,
      config: false,
      watch: false,
      include: CASES,
      runner: fileURLToPath(new URL('removed-checks/runner.ts', import.meta.url)),
      execArgv: ['--conditions=source'],
      testTimeout: 120_000,
      hookTimeout: 120_000,
      maxWorkers: 2,
      reporters: [{}],
    },
    {
      plugins: [instrument()],
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
    },
  )
}

/** Files in an order that the seed decides, the first few of them. */
function pick(all: readonly TestSpecification[], count: number, start: number): readonly TestSpecification[] {
  console.log(`seed ${start}`)
  let state = start >>> 0
  const inOrder = [...all].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1))
  const ranked = inOrder.map((file) => {
    // A linear congruential step: any order will do, as long as the seed gives it again.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return { file, rank: state }
  })
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ file }) => file)
}

/** What is wrong before anything is taken out. */
function failuresOf(module: TestModule): readonly string[] {
  const failed = [...module.children.allTests('failed')]
  const errors = [...module.errors(), ...failed.flatMap((test) => test.result().errors ?? [])]
  return errors.map(({ message }) => `${relative(ROOT, module.moduleId)} fails by itself: ${message.split('\n')[0]}`)
}

function casesOf(module: TestModule): readonly Case[] {
  return [...module.children.allTests()].flatMap((test) => {
    const finding = test.meta().removedChecks
    if (finding === undefined) return []
    return [{ ...finding, title: `${relative(ROOT, module.moduleId)}: ${test.name}`, code: LABEL.exec(test.name)?.[1] }]
  })
}

function page({ codes, checks }: Report, summary: string): string {
  return `<!-- Written by npm run checks:removed -->

# Each check, taken out

On ${new Date().toISOString().slice(0, 10)}: ${summary}. Each code that the verifier and its parsers can refuse with, and each
check, was taken out while the verifier ran. Exactly its own cases failed, each time. The columns say what became of the inputs
of those cases without it: another check refused them, none did, or the program went wrong over them. A line with nothing but
zeros in "accepted" has a second line of defence.

A check can change only a test in which it throws, because the verifier is a pure function; so each is taken out where it throws,
and the tests where it throws nothing are not run again.

## Codes

${table(codes)}

## Checks

${table(checks)}

## Without a case

${Object.entries(EXCEPTIONS)
  .map(([name, why]) => `- \`${name}\`: ${why}`)
  .join('\n')}
`
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, cases, refused, accepted, crashed }) =>
      `| \`${name}\` | ${cases} | ${refused} | ${accepted} | ${crashed} |`,
  )
  return ['| taken out | cases | refused | accepted | crashed |', '| --- | --: | --: | --: | --: |', ...lines].join(
    '\n',
  )
}
