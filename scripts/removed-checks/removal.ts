/**
 * Takes one check out of the verifier while it runs. Only the instrumented copy that this command loads calls it: the sources
 * that are shipped have no way to leave a check out.
 */

/** An error that a check threw, and the check that it was thrown in; none for parsers that run outside of one. */
export interface Thrown {
  readonly code: string
  readonly check?: string
}

/** What is taken out: every place that throws a code, or everything that a check throws. */
export type Removed = { readonly code: string } | { readonly check: string }

/** As much of a `CheckList` as is watched. */
interface Watched {
  prove(code: string, action: () => unknown): Promise<unknown>
  judge(code: string, isAsked: boolean, action: () => void): void
}

/** More than any evidence gives; a loop that only an error would end gives more. */
const MOST_SUPPRESSED = 10_000

const CODED = ['VerifierError', 'MalformedError', 'PolicyError']

export class Removal {
  #removed: Removed | undefined
  #check: string | undefined
  #thrown: Thrown[] = []
  #suppressed = 0

  /** Runs an action with something taken out, or with nothing, and says what was thrown all the same. */
  async without(removed: Removed | undefined, action: () => unknown): Promise<{ thrown: Thrown[]; error?: unknown }> {
    this.#removed = removed
    this.#check = undefined
    this.#thrown = []
    this.#suppressed = 0
    try {
      await action()
      return { thrown: this.#thrown }
    } catch (error) {
      return { thrown: this.#thrown, error }
    } finally {
      this.#removed = undefined
    }
  }

  /** Stands where the sources say `throw`. */
  readonly raise = (error: unknown): void => {
    if (!isCoded(error)) throw error
    const thrown = { code: error.code, ...(this.#check !== undefined && { check: this.#check }) }
    if (!this.#isRemoved(thrown)) {
      this.#thrown.push(thrown)
      throw error
    }
    this.#suppressed++
    if (this.#suppressed > MOST_SUPPRESSED) throw new Error('it does not end without this check')
  }

  /** Notes in which check an error is thrown. */
  readonly watch = (prototype: Watched): void => {
    const { prove, judge } = prototype
    const enter = (code: string): void => this.#enter(code)
    prototype.prove = async function (code, action) {
      enter(code)
      return prove.call(this, code, action)
    }
    prototype.judge = function (code, isAsked, action) {
      enter(code)
      judge.call(this, code, isAsked, action)
    }
  }

  /** Checks follow each other and none is inside another, so the last to begin is the one that runs. */
  #enter(code: string): void {
    this.#check = code
  }

  #isRemoved({ code, check }: Thrown): boolean {
    if (this.#removed === undefined) return false
    return 'code' in this.#removed ? this.#removed.code === code : this.#removed.check === check
  }
}

function isCoded(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && CODED.includes(error.name) && 'code' in error
}
