/** `docs/mutation.md`: the results for a person to read. */
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FileResult, isOutdated, type Results } from './results.ts'

const ROOT = join(import.meta.dirname, '../..')
const PREFIX = 'packages/verifier/src/'

export function page(results: Results): string {
  const files = Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1))
  const folders = new Map<string, FileResult[]>()
  for (const [file, result] of files) {
    const folder = dirname(file.slice(PREFIX.length))
    folders.set(folder, [...(folders.get(folder) ?? []), result])
  }
  const all = files.map(([, result]) => result)
  const dates = [...new Set(all.map(({ date }) => date))].sort()
  const outdated = files.filter(([file, result]) => isOutdated(file, result)).map(([file]) => file.slice(PREFIX.length))
  return [
    '# Mutation testing of the verifier',
    '',
    'Written by `npm run mutation`; do not edit. Stryker changes the code of `packages/verifier/src` in one place after another (a',
    'comparison turned, a text emptied, a block left out) and the tests of the package are run on each. A change that no test',
    'notices, a survivor, shows either a test that is missing or code that makes no difference.',
    '',
    `Runs of ${dates.join(', ')}: every mutator of Stryker, no comment that switches one off.`,
    '',
    ...unjudged(results),
    '| folder | mutants | killed | timed out | survived | of these with a reason | score |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...[...folders].map(([folder, rows]) => row(folder === '.' ? '(top)' : folder, rows)),
    row('**all**', all),
    '',
    'Score = (killed + timed out) ÷ mutants. A reason does not raise it.',
    ...(outdated.length === 0 ? [] : ['', `Changed since: ${outdated.map((file) => `\`${file}\``).join(', ')}.`]),
    '',
    '## How to run it',
    '',
    '```sh',
    'npm run mutation                                      # what changed since the last run here; everything the first time',
    'npm run mutation -- packages/verifier/src/x509        # some folders or files',
    'npm run mutation -- --force                           # everything, whatever is known',
    'npm run mutation -- --report                          # no run: writes this page again after a change of the reasons',
    'npm run mutation:survivors -- x509                    # survivors without a reason, one a line',
    '```',
    '',
    'Stryker makes the mutants, switches and judges them; the tests run in one process (`scripts/mutation/in-process-runner.ts`), about',
    'twenty times as fast as vitest started for each mutant. What makes the score a lower bound:',
    '',
    '- A survivor was asked by the tests most likely to notice it, as many as fit into one second of processor time',
    '  (`BLINDAI_MUTATION_BUDGET_MS`), not by all.',
    '- Tests that flip every bit or try every cut are left out: they take seconds each.',
    '- A test that fails without the mutant too counts for nothing.',
    '',
    'Properties use one fixed seed. The results of the last run lie in `.mutation/`, outside git (20 MB); `docs/mutation.json` is this',
    'page for a program, and the run of a folder changes only its files there. A run that is ended by SIGTERM keeps what it has.',
    'It is no part of `npm test`: the first run of all tests takes longer than a sample of mutants that would say anything.',
    '',
    '## Survivors',
    '',
    'Reasons are kept in `scripts/mutation/reasons.json`.',
    ...files.filter(([, { survivors }]) => survivors.length > 0).flatMap(([file, result]) => survivorsOf(file, result)),
    '',
  ].join('\n')
}

function row(name: string, results: readonly FileResult[]): string {
  const sum = (of: (result: FileResult) => number): number => results.reduce((total, result) => total + of(result), 0)
  const mutants = sum((result) => result.mutants)
  const killed = sum((result) => result.killed)
  const timedOut = sum((result) => result.timedOut)
  const explained = sum(({ survivors }) => survivors.filter(({ reason }) => reason !== undefined).length)
  const score = mutants === 0 ? '' : `${((100 * (killed + timedOut)) / mutants).toFixed(1)} %`
  return `| ${[name, mutants, killed, timedOut, mutants - killed - timedOut, explained, score].join(' | ')} |`
}

function survivorsOf(file: string, { survivors }: FileResult): string[] {
  return [
    '',
    `### ${file.slice(PREFIX.length)}`,
    '',
    '| line | code | mutant | why it lives |',
    '| ---: | --- | --- | --- |',
    ...survivors.map(({ line, from, to, reason = '' }) => `| ${line} | ${code(from)} | ${code(to)} | ${reason} |`),
  ]
}

function code(text: string): string {
  const short = text.length > 70 ? `${text.slice(0, 69)}…` : text
  return short === '' ? '(nothing)' : `\`\` ${short.replaceAll('|', '\\|')} \`\``
}

/** Files that no run has judged yet; those that hold nothing but types have no mutants and stay among them. */
function unjudged(results: Results): readonly string[] {
  const files = globSync('packages/verifier/src/**/*.ts', { cwd: ROOT }).filter((file) => !(file in results))
  if (files.length === 0) return []
  const list = files.sort().map((file) => `\`${file.replace('packages/verifier/src/', '')}\``)
  return [`Not judged yet, and not in the score: ${list.join(', ')}.`, '']
}
