import type { Seed } from './seeds.ts'

/** A parser under test: one file of `targets/` each, named like the target. */
export interface FuzzTarget<Value = unknown> {
  /** The files whose lines are reported as reached or not, from the repository's root. */
  readonly sources: readonly string[]
  readonly seeds: readonly Seed[]
  /** Reads the bytes, or throws. What it gives back is compared, so it must be data: no stream, no function. */
  readonly parse: (bytes: Uint8Array) => Value | Promise<Value>
  /** The errors that the parser documents: the name of each class, and its codes. Any other is a finding. */
  readonly refuses: Refusals
  /** Writes an accepted value, where it can be written; parsing that again must give the same value. */
  write?(value: Value): Uint8Array | undefined
  /** Whether inputs are text: then words of JSON and pieces of seeds are mixed in. */
  readonly isText?: boolean
  /** The longest input that is made; 65,536 bytes unless stated. */
  readonly maxBytes?: number
  /** Bytes that the parser may allocate for each byte of input, beside a fixed amount. */
  readonly allocationPerByte?: number
}

/** Codes by the name of their class. */
export type Refusals = { readonly [errorName: string]: readonly string[] }

const DEFAULT_INPUT_BYTES = 65_536

/** The longest input of a target. */
export function inputLimit({ maxBytes }: FuzzTarget): number {
  return maxBytes ?? DEFAULT_INPUT_BYTES
}

/** Joins tables of codes. */
export function joinRefusals(...tables: readonly Refusals[]): Refusals {
  const joined: Record<string, string[]> = {}
  for (const table of tables) {
    for (const [name, codes] of Object.entries(table)) joined[name] = [...(joined[name] ?? []), ...codes]
  }
  return joined
}
