/** What came of one test. */

export const TIMED_OUT: unique symbol = Symbol('timed out')
/** A test that takes longer has found the mutant. */
const HANGS_AFTER_MS = 30_000

/** What a test failed with; undefined if it passed. */
export async function outcome(run: () => unknown, limitMs = HANGS_AFTER_MS): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  try {
    const pending = run()
    if (pending instanceof Promise && limitMs === Number.POSITIVE_INFINITY) await pending
    else if (pending instanceof Promise) {
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, limitMs, TIMED_OUT)
      })
      if ((await Promise.race([pending, late])) === TIMED_OUT) return TIMED_OUT
    }
    return undefined
  } catch (error) {
    return error ?? new Error('a test threw nothing')
  } finally {
    clearTimeout(timer)
  }
}

/** A failure in a few words. */
export function describe(failure: unknown): string {
  return String(failure).slice(0, 400)
}
