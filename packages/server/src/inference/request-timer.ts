import type { FinishedRequest } from './statistics.ts'

/** computeInput → queue → computeInfer → computeOutput; a request that fails ends in any of them. */
type Phase = 'computeInput' | 'queue' | 'computeInfer' | 'computeOutput'

/** Follows one request through its phases. */
export class RequestTimer {
  /** Runs of an engine that count for the request: none when another of the same run stands for it. */
  executions = 0
  readonly #nowMs: () => number
  readonly #beganMs: number
  readonly #ns: { -readonly [Name in `${Phase}Ns`]?: number } = {}
  #phase: Phase = 'computeInput'
  #sinceMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#beganMs = nowMs()
    this.#sinceMs = this.#beganMs
  }

  enter(phase: Phase): void {
    const now = this.#nowMs()
    this.#ns[`${this.#phase}Ns`] = nanoseconds(now - this.#sinceMs)
    this.#phase = phase
    this.#sinceMs = now
  }

  finish(): Omit<FinishedRequest, 'succeeded' | 'atSeconds'> {
    this.enter('computeOutput')
    return { ...this.#ns, totalNs: nanoseconds(this.#sinceMs - this.#beganMs), executions: this.executions }
  }
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}
