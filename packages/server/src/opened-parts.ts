/** What a server has opened, to be closed in the opposite order. */
export class OpenedParts {
  readonly #closings: (() => Promise<void> | void)[] = []

  /** @param close - called once, when everything that was opened later is closed. */
  add(close: () => Promise<void> | void): void {
    this.#closings.push(close)
  }

  /** Closes all there is. One that fails keeps none of the others open. @throws what the first of them failed with. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closings.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
