/**
 * Metrics in Prometheus' text format 0.0.4. Every series is there from the start, with the labels that were declared, so that
 * what is exposed tells nothing by its names: no label can come from a request.
 *
 * Source: Prometheus, "Exposition formats", text-based format.
 */

/** One series: a value for each label of the family. */
export type Series = Readonly<Record<string, string>>

/** A group of series with one name and one meaning. */
export interface Family {
  /** The lines of this family, each with its end. */
  render(): string
}

/** All combinations of labels whose values are lists. */
export function product(labels: Readonly<Record<string, readonly string[]>>): Series[] {
  let series: Series[] = [{}]
  for (const [name, values] of Object.entries(labels)) {
    series = series.flatMap((one) => values.map((value) => ({ ...one, [name]: value })))
  }
  return series
}

/** A number that only grows. */
export class Counter implements Family {
  readonly #head: string
  readonly #name: string
  readonly #values: Map<string, number>

  constructor(name: string, help: string, series: readonly Series[] = [{}]) {
    this.#head = headOf(name, help, 'counter')
    this.#name = name
    this.#values = new Map(series.map((one) => [labelsOf(one), 0]))
  }

  /** @throws {RangeError} for a series that was not declared. */
  add(series: Series = {}, by = 1): void {
    const key = labelsOf(series)
    const value = this.#values.get(key)
    if (value === undefined) throw new RangeError(`${this.#name} has no series ${key}`)
    this.#values.set(key, value + by)
  }

  render(): string {
    return this.#head + [...this.#values].map(([key, value]) => `${this.#name}${key} ${value}\n`).join('')
  }
}

/** A number that is looked up when somebody asks. */
export class Reading implements Family {
  readonly #head: string
  readonly #name: string
  readonly #series: readonly Series[]
  readonly #read: (series: Series) => number

  constructor(
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    read: (series: Series) => number,
    series: readonly Series[] = [{}],
  ) {
    this.#head = headOf(name, help, type)
    this.#name = name
    this.#read = read
    this.#series = series
  }

  render(): string {
    return this.#head + this.#series.map((one) => `${this.#name}${labelsOf(one)} ${this.#read(one)}\n`).join('')
  }
}

interface Distribution {
  readonly counts: number[]
  sum: number
}

/** How values are distributed over fixed bounds. */
export class Histogram implements Family {
  readonly #head: string
  readonly #name: string
  readonly #bounds: readonly number[]
  readonly #series: Map<string, { readonly labels: Series; readonly seen: Distribution }>

  /** @param bounds - ascending; one without end follows by itself. */
  constructor(name: string, help: string, bounds: readonly number[], series: readonly Series[] = [{}]) {
    this.#head = headOf(name, help, 'histogram')
    this.#name = name
    this.#bounds = [...bounds, Number.POSITIVE_INFINITY]
    const empty = (): Distribution => ({ counts: this.#bounds.map(() => 0), sum: 0 })
    this.#series = new Map(series.map((labels) => [labelsOf(labels), { labels, seen: empty() }]))
  }

  /** @throws {RangeError} for a series that was not declared. */
  observe(series: Series, value: number): void {
    const found = this.#series.get(labelsOf(series))
    if (found === undefined) throw new RangeError(`${this.#name} has no series ${labelsOf(series)}`)
    const at = this.#bounds.findIndex((bound) => value <= bound)
    found.seen.counts[at] = (found.seen.counts[at] ?? 0) + 1
    found.seen.sum += value
  }

  render(): string {
    let text = this.#head
    for (const [key, { labels, seen }] of this.#series) {
      let total = 0
      for (const [at, bound] of this.#bounds.entries()) {
        total += seen.counts[at] ?? 0
        const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound)
        text += `${this.#name}_bucket${labelsOf({ ...labels, le })} ${total}\n`
      }
      text += `${this.#name}_sum${key} ${seen.sum}\n${this.#name}_count${key} ${total}\n`
    }
    return text
  }
}

function headOf(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** Label values are written in the code of this server and need no escapes; one that would is refused. */
function labelsOf(series: Series): string {
  const pairs = Object.entries(series).map(([name, value]) => {
    if (!/^[a-z_]+$/.test(name) || !/^[\w/{}.+ -]*$/.test(value)) throw new RangeError(`${name} is no label`)
    return `${name}="${value}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
