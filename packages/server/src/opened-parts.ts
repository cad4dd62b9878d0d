/** What a server has opened, to be closed in the opposite order. */
export class OpenedParts {
  readonly #closings: (() => Promise<void> | void)[] = []

  readonly #onFailure: (cause: unknown) => void

  /** @param onFailure - told of each failure but the first, which `close` throws. */
  constructor(onFailure: (cause: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** @param close - called once, when everything that was opened later is closed. */
  add(close: () => Promise<void> | void): void {
    this.#closings.push(close)
  }

  /** Closes all there is. One that fails keeps none of the others open. @throws what the first failed with. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closings.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    for (const failure of failures.slice(1)) this.#onFailure(failure)
    if (failures.length > 0) throw failures[0]
  }
}
