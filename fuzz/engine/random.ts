/** Numbers that look random and follow from a seed alone: a run can be had again. Source: SFC32 of PractRand. */
export class Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, seed ^ 0x9e37_79b9, 0x2545_f491, 1)
    for (let i = 0; i < 16; i++) this.u32()
  }

  /** A whole number below 2^32. */
  u32(): number {
    const s = this.#state
    const [a = 0, b = 0, c = 0, counter = 0] = s
    const result = (a + b + counter) >>> 0
    s[3] = counter + 1
    s[0] = b ^ (b >>> 9)
    s[1] = c + (c << 3)
    s[2] = ((c << 21) | (c >>> 11)) + result
    return result
  }

  /** A whole number from 0 to `limit - 1`; 0 when there is none. */
  below(limit: number): number {
    return limit < 2 ? 0 : this.u32() % limit
  }

  /** One of the items. @throws {RangeError} when there is none. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }
}
