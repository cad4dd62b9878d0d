/** Runs one job at a time, in the order of arrival: attestation devices are single file. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the job does. A job that fails does not stop the next one. */
  enter<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(job)
    this.#last = turn.then(ignore, ignore)
    return turn
  }
}

/** The failure of a job belongs to whoever waits for that job. */
function ignore(): undefined {
  return undefined
}
