import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What slow clients are slow at. */
export type Slowness = 'headers' | 'bodies' | 'reads'

/** Slow connections that a process of its own opens. */
export interface SlowOrder {
  readonly kind: Slowness
  readonly connections: number
  readonly host: string
  readonly port: number
  /** For bodies a path that takes one; for reads one with an answer, shorter than 127 characters. */
  readonly path: string
  readonly authorization: string
  /** When the process gives up waiting for them to be closed. */
  readonly lastMs: number
}

/** What became of them. */
export interface SlowOutcome {
  readonly opened: number
  /** From the handshake to the end, of each that was closed. */
  readonly closedAfterMs: readonly number[]
  readonly stillOpen: number
}

/** Opens slow connections; resolves when all of them are closed, or at the last moment. */
export async function slowConnections(order: SlowOrder): Promise<SlowOutcome> {
  const child = fork(fileURLToPath(new URL('./slow-child.ts', import.meta.url)), {
    execArgv: ['--conditions=source'],
    serialization: 'advanced',
  })
  const gone = once(child, 'exit')
  child.send(order)
  const [outcome] = await once(child, 'message')
  await gone
  return outcome
}
