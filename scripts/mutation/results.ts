/** What is kept of a run: a few numbers per source file, and each mutant that no test noticed. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
export const INCREMENTAL: string = join(ROOT, '.mutation/incremental.json')
export const RESULTS: string = join(ROOT, 'docs/mutation.json')
const REASONS = join(import.meta.dirname, 'reasons.json')

export interface Survivor {
  readonly line: number
  readonly mutator: string
  /** The text that was replaced; one line of it. */
  readonly from: string
  readonly to: string
  /** Why no test can notice, or why none should. */
  readonly reason?: string
}

export interface FileResult {
  /** Of the source that was mutated. */
  readonly sha256: string
  readonly date: string
  readonly mutants: number
  readonly killed: number
  /** Noticed because a test no longer ended. */
  readonly timedOut: number
  readonly survivors: readonly Survivor[]
}

export type Results = Readonly<Record<string, FileResult>>

/** One reason, for every survivor that all of this fits. */
interface Reason {
  /** A pattern for the file, below `packages/verifier/src`. */
  readonly file: string
  /** A pattern for the first line of the code in the source. */
  readonly line: string
  /** Patterns for the text that was replaced, and for what it was replaced by. */
  readonly from?: string
  readonly to?: string
  readonly reason: string
}

/** As much of Stryker's report as is read here. */
interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string
        readonly mutants: readonly {
          readonly mutatorName: string
          readonly replacement?: string
          readonly status: string
          readonly location: { readonly start: Position; readonly end: Position }
        }[]
      }
    >
  >
}
interface Position {
  readonly line: number
  readonly column: number
}

const DETECTED: ReadonlySet<string> = new Set(['Killed', 'Timeout'])

/** What Stryker's report holds, with the reasons that are written down. */
export function fromReport(date: string): Results {
  const report: Report = JSON.parse(readFileSync(INCREMENTAL, 'utf8'))
  const reasons = readReasons()
  return Object.fromEntries(
    Object.entries(report.files)
      .filter(([file]) => existsSync(join(ROOT, file)) && digestOf(file) === sha256(report.files[file]?.source ?? ''))
      .map(([file, { source, mutants }]) => {
        const lines = source.split('\n')
        const count = (status: string): number => mutants.filter((mutant) => mutant.status === status).length
        const survivors = mutants
          .filter(({ status }) => !DETECTED.has(status))
          .sort(({ location: a }, { location: b }) => a.start.line - b.start.line || a.start.column - b.start.column)
          .map(({ mutatorName, replacement = '', location: { start, end } }): Survivor => {
            const text = lines[start.line - 1] ?? ''
            const from = start.line === end.line ? text.slice(start.column - 1, end.column - 1) : `${text.trim()} …`
            const to = replacement.replaceAll(/\s+/g, ' ').slice(0, 100)
            const reason = reasons.find((known) => fits(known, { file, line: text, from, to }))?.reason
            return { line: start.line, mutator: mutatorName, from, to, ...(reason !== undefined && { reason }) }
          })
        const numbers = { mutants: mutants.length, killed: count('Killed'), timedOut: count('Timeout') }
        return [file, { sha256: sha256(source), date, ...numbers, survivors }]
      }),
  )
}

/** Earlier results of files that are still there, whatever their content. */
export function readResults(): Results {
  if (!existsSync(RESULTS)) return {}
  const results: Results = JSON.parse(readFileSync(RESULTS, 'utf8'))
  return Object.fromEntries(Object.entries(results).filter(([file]) => existsSync(join(ROOT, file))))
}

/** True when the file is no longer the one that was mutated. */
export function isOutdated(file: string, result: FileResult): boolean {
  return digestOf(file) !== result.sha256
}

function fits(reason: Reason, texts: { readonly [T in 'file' | 'line' | 'from' | 'to']: string }): boolean {
  const { file, line, from = '', to = '' } = reason
  const patterns = { file, line, from, to }
  return (['file', 'line', 'from', 'to'] as const).every((name) => new RegExp(patterns[name]).test(texts[name]))
}

function readReasons(): readonly Reason[] {
  return JSON.parse(readFileSync(REASONS, 'utf8'))
}

function digestOf(file: string): string {
  return sha256(readFileSync(join(ROOT, file), 'utf8'))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
