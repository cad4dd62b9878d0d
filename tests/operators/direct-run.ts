import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RawTensor } from '@blindai/protocol'

/** What a child process is asked: to run a model on inputs in the model's order. */
export interface DirectQuestion {
  readonly id: number
  readonly model: Uint8Array
  readonly inputs: readonly RawTensor[]
}

/** What onnxruntime-node itself makes of a model. */
export type DirectAnswer =
  | { readonly id: number; readonly inputNames: readonly string[]; readonly outputs: readonly RawTensor[] }
  | { readonly id: number; readonly refusal: string }

/** A child process that runs models with onnxruntime-node, without anything of ours around it. */
export class DirectRunner {
  readonly #child: ChildProcess
  #questions = 0

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./direct-child.ts', import.meta.url)), {
      execArgv: ['--conditions=source'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
  }

  /** Runs a model once. @throws {Error} when the child dies of it. */
  async run(model: Uint8Array, inputs: readonly RawTensor[]): Promise<DirectAnswer> {
    const question: DirectQuestion = { id: this.#questions++, model, inputs }
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#child.off('message', answered)
        this.#child.off('exit', exited)
      }
      const answered = (answer: DirectAnswer): void => {
        if (answer.id !== question.id) return
        done()
        resolve(answer)
      }
      const exited = (code: number | null, signal: string | null): void => {
        done()
        reject(new Error(`the direct run ended with ${code ?? signal}`))
      }
      this.#child.on('message', answered)
      this.#child.on('exit', exited)
      this.#child.send(question)
    })
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
