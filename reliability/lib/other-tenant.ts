import type { Session } from '@blindai/client'
import { idle, type Violation } from './report.ts'

/** What became of a tenant that asked all the while. */
export interface Watched {
  readonly answers: number
  readonly failures: readonly Violation[]
  readonly slowestMs: number
}

const PAUSE_MS = 50

/** Runs `y = x + x`, which the session's tenant has as `doubles`, until it is told to end. */
export function watchOther(session: Session): { end(): Promise<Watched> } {
  let isOver = false
  let [answers, slowestMs] = [0, 0]
  const failures: Violation[] = []
  const input = { name: 'x', datatype: 'FP32', shape: [1], data: new Float32Array([3]) } as const
  const asking = (async (): Promise<void> => {
    while (!isOver) {
      const started = performance.now()
      try {
        const { outputs } = await session.infer('doubles', [input])
        if (Object(outputs[0]?.data)[0] !== 6) failures.push({ kind: 'a wrong answer to another tenant' })
        answers += 1
      } catch (error) {
        failures.push({ kind: `another tenant was refused: ${error instanceof Error ? error.message : 'unknown'}` })
      }
      slowestMs = Math.max(slowestMs, performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  })()
  return {
    async end() {
      isOver = true
      await asking
      if (answers === 0) failures.push(idle('another tenant was never served'))
      return { answers, failures, slowestMs }
    },
  }
}
