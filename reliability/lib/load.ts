import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Requests that a process of its own makes, the same again and again. */
export interface LoadOrder {
  readonly url: string
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Bodies, one after the other. */
  readonly bodies: readonly Uint8Array[]
  readonly pace: LoadPace
}

/** So many callers, each of whom asks again as soon as it is answered; or so many requests a second whatever is answered. */
export type LoadPace =
  | { readonly kind: 'callers'; readonly callers: number }
  | { readonly kind: 'rate'; readonly perSecond: number; readonly maxInFlight: number }

/** What became of one request. */
export interface Outcome {
  /** When it was due, in milliseconds of `performance.timeOrigin + performance.now()`: comparable between processes. */
  readonly atMs: number
  /** From then to the end of the answer. */
  readonly tookMs: number
  /** 0 where the connection broke. */
  readonly status: number
  /** Whether there was a connection to send it on; one that finds no server was never in flight. */
  readonly wasSent: boolean
  /** Seconds of Retry-After; undefined where there was none. */
  readonly retryAfter: number | undefined
}

/** A process that makes requests, from `start` to `stop`. */
export class Load {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when the process asks: callers have had an answer each. */
  static async start(order: LoadOrder): Promise<Load> {
    const child = fork(fileURLToPath(new URL('./load-child.ts', import.meta.url)), {
      execArgv: ['--conditions=source'],
      serialization: 'advanced',
    })
    const ready = once(child, 'message')
    child.send(order)
    await ready
    return new Load(child)
  }

  /** Asks nothing more; resolves with every request that was answered or broke. What a rate has in flight is cut off. */
  async stop(): Promise<readonly Outcome[]> {
    const told = once(this.#child, 'message')
    this.#child.send({ say: 'stop' })
    const [outcomes] = await told
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
    return outcomes
  }

  /** Asks for so long. */
  static async during(order: LoadOrder, ms: number): Promise<readonly Outcome[]> {
    const load = await Load.start(order)
    await new Promise((resolve) => setTimeout(resolve, ms))
    return await load.stop()
  }
}

/** Now, as `Outcome.atMs` counts. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
