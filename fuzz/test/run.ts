import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../engine/root.ts'

/** The result of one target, as `main.ts` prints it. */
export interface Printed {
  readonly name: string
  readonly executions: number
  readonly replayed: number
  readonly accepted: number
  /** Places reached and all places, with a slash between. */
  readonly reached: string
  readonly findings: readonly { readonly kind: string; readonly detail: string }[]
}

/** Runs `main.ts` and gives back its exit status and what it printed of each target. */
export async function runFuzzer(...args: readonly string[]): Promise<{ status: number | null; results: Printed[] }> {
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', join(ROOT, 'fuzz/main.ts')]
  const child = spawn(process.execPath, [...flags, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const results = text.split('\n').filter((line) => line.startsWith('{'))
  return { status, results: results.map((line): Printed => JSON.parse(line)) }
}
