import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeCorpus } from './engine/corpus.ts'
import { fuzz, type RunResult } from './engine/fuzz.ts'
import { ROOT } from './engine/root.ts'
import { wholeNumber } from './engine/whole-number.ts'

/**
 * `main.ts TARGET` fuzzes one parser, `main.ts --all` each in a process of its own. The exit status is 1 after a finding, 2 for
 * flags that say nothing that can be done. The last line of each target is its result as JSON.
 */
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const { values, positionals, seconds, seed, jobs } = readFlags()
const names = globSync('*.ts', { cwd: values.targets })
  .map((file) => basename(file, '.ts'))
  .sort()

process.exitCode = values.all ? await runAll() : await runOne(positionals[0])

function parseFlags() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      /** End at the first finding. */
      stop: { type: 'boolean', default: false },
      /** Write what was found into the corpus. */
      keep: { type: 'boolean', default: false },
      /** A folder of other targets. */
      targets: { type: 'string', default: join(ROOT, 'fuzz/targets') },
    },
  })
  const seconds = wholeNumber('--seconds', values.seconds)
  const seed = wholeNumber('--seed', values.seed)
  const jobs = wholeNumber('--jobs', values.jobs)
  return { values, positionals, seconds, seed, jobs }
}

/** A run that was not asked for rightly is not to be taken for one that found something. */
function readFlags(): ReturnType<typeof parseFlags> {
  try {
    return parseFlags()
  } catch (error) {
    // RangeError for a number, TypeError for a flag that is not known.
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
}

async function runOne(name: string | undefined): Promise<number> {
  if (name === undefined || !names.includes(name)) {
    say(`name one of: ${names.join(' ')}`)
    return 2
  }
  const options = { name, seconds, seed, stop: values.stop }
  const result = await fuzz({ ...options, path: join(values.targets, `${name}.ts`) })
  for (const { finding, input } of result.findings) {
    const folder = join(ROOT, 'fuzz/findings', name)
    const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16))
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, input)
    say(`${name}: ${finding.kind}, ${finding.detail}; ${input.byteLength} bytes in ${path.slice(ROOT.length + 1)}`)
  }
  const corpusBytes = values.keep ? writeCorpus(name, result.kept) : undefined
  say(JSON.stringify({ ...report(result), ...(corpusBytes !== undefined && { corpusBytes }) }))
  return result.findings.length === 0 ? 0 : 1
}

function report({ coverage, findings, kept, ...result }: RunResult): object {
  const reached = `${coverage.reached}/${coverage.places}`
  return { ...result, reached, kept: kept.length, findings: findings.map(({ finding }) => finding) }
}

/** Each target in a process of its own, a few at a time: processor time of a process is that of its target. */
async function runAll(): Promise<number> {
  const waiting = positionals.length > 0 ? [...positionals] : [...names]
  const passed = ['seconds', 'seed', 'targets'] as const
  const switches = (['keep', 'stop'] as const).filter((flag) => values[flag]).map((flag) => `--${flag}`)
  const flags = [...passed.flatMap((flag) => [`--${flag}`, values[flag]]), ...switches]
  let worst = 0
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const args = [
        '--conditions=source',
        '--disable-warning=ExperimentalWarning',
        import.meta.filename,
        name,
        ...flags,
      ]
      const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: ROOT })
      const status = await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 3)))
      worst = Math.max(worst, status)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  return worst
}
