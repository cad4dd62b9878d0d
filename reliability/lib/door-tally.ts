import type { Outcome } from './raw-http.ts'
import { idle, type Violation } from './report.ts'

/** What has to have become of some request through a door before it tells anything that none went wrong. */
export type Use = 'answered' | 'served' | 'refused'

/** What became of the requests through a door. */
export class DoorTally {
  #sent = 0
  #unsendable = 0
  #closed = 0
  #served = 0
  #refused = 0

  static sum(tallies: readonly DoorTally[]): DoorTally {
    const all = new DoorTally()
    for (const tally of tallies) {
      all.#sent += tally.#sent
      all.#unsendable += tally.#unsendable
      all.#closed += tally.#closed
      all.#served += tally.#served
      all.#refused += tally.#refused
    }
    return all
  }

  /** @param outcome - undefined for a request that its client could not write. */
  note(outcome: Outcome | undefined): void {
    this.#sent += 1
    if (outcome === undefined) this.#unsendable += 1
    else if (outcome.kind === 'closed') this.#closed += 1
    else if (outcome.kind === 'answer' && outcome.status < 400) this.#served += 1
    else if (outcome.kind === 'answer') this.#refused += 1
  }

  /** A violation for each use that no request made of the door. */
  unused(...uses: readonly Use[]): Violation[] {
    const count = { answered: this.#served + this.#refused, served: this.#served, refused: this.#refused }
    return uses.filter((use) => count[use] === 0).map((use) => idle(`nothing was ${use}`))
  }

  toString(): string {
    const answers = `${this.#served} served, ${this.#refused} refused, ${this.#closed} closed on`
    return `${this.#sent} requests: ${answers}, ${this.#unsendable} not written by their client`
  }
}
