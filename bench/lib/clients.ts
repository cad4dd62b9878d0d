/** What clients got in a time. */
export interface Asked {
  /** Requests a second of all together: each client's whole requests over the time they took. */
  readonly rate: number
  /** How long each answer took. */
  readonly tookMs: readonly number[]
}

/** Keeps so many requests in flight for a time. */
export async function keepAsking(clients: number, ms: number, ask: () => Promise<unknown>): Promise<Asked> {
  const tookMs: number[] = []
  const start = performance.now()
  const rates = await Promise.all(
    Array.from({ length: clients }, async () => {
      let requests = 0
      let elapsed = 0
      while (elapsed < ms) {
        const askedAt = performance.now()
        await ask()
        tookMs.push(performance.now() - askedAt)
        requests++
        elapsed = performance.now() - start
      }
      return requests / (elapsed / 1000)
    }),
  )
  return { rate: rates.reduce((sum, rate) => sum + rate, 0), tookMs }
}
