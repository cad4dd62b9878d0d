import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { toRaw } from '@blindai/protocol'
import type { BareAnswer, BareQuestion } from '../bare-child.ts'
import type { Workload } from './workloads.ts'

/** Processes that run one model with onnxruntime-node and nothing else. */
export class BarePool {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  static async start(processes: number, workload: Workload): Promise<BarePool> {
    const script = fileURLToPath(new URL('../bare-child.ts', import.meta.url))
    const options: ForkOptions = { execArgv: ['--conditions=source'], serialization: 'advanced' }
    const pool = new BarePool(Array.from({ length: processes }, () => fork(script, options)))
    await pool.#ask(loadOf(workload))
    return pool
  }

  get pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid ?? 0)
  }

  /** Runs for so many milliseconds. `rate` is runs a second of all processes together. */
  async runFor(ms: number): Promise<{ readonly rate: number; readonly runs: number }> {
    const answers = await this.#ask({ ask: 'run-for', ms })
    return {
      rate: answers.reduce((rate, durations) => rate + durations.length / (sum(durations) / 1000), 0),
      runs: answers.flat().length,
    }
  }

  /** How long each of so many runs took, in milliseconds. */
  async durationsMs(times: number): Promise<readonly number[]> {
    return (await this.#ask({ ask: 'run-times', times })).flat()
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
  }

  async #ask(question: BareQuestion): Promise<readonly (readonly number[])[]> {
    return Promise.all(
      this.#children.map(async (child) => {
        const answered = once(child, 'message')
        child.send(question)
        const [answer]: BareAnswer[] = await answered
        return answer?.answer === 'ran' ? answer.durationsMs : []
      }),
    )
  }
}

function loadOf(workload: Workload): BareQuestion {
  if (!('task' in workload)) return { ask: 'load-graph', file: workload.file, inputs: workload.inputs.map(toRaw) }
  const { folder, task, input } = workload
  return { ask: 'load-pipeline', folder, task, input }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
