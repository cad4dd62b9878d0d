import { isDeepStrictEqual } from 'node:util'
import { AllocationRefused, type Allowance, type Cost, type Meter } from './meter.ts'
import { settledHeapBytes } from './settled-heap.ts'
import type { FuzzTarget } from './target.ts'

/** What a parser made of an input. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly name: string; readonly code: string; readonly message: string }
  | { readonly kind: 'crashed'; readonly error: unknown }

/** What is wrong with that. */
export interface Finding {
  readonly kind:
    | 'crash'
    | 'undocumented'
    | 'hang'
    | 'allocation'
    | 'not-deterministic'
    | 'input-changed'
    | 'not-rewritten'
  readonly detail: string
}

/** More processor time than this for one input is a hang. */
export const MAX_CPU_MS = 1000

const FIXED_ARRAY_BYTES = 1024 * 1024
const FIXED_HEAP_BYTES = 16 * 1024 * 1024
const DEFAULT_PER_BYTE = 64
/** Objects of the heap are larger than the bytes that they stand for. */
const HEAP_PER_BYTE = 512

/** After so many inputs the heap is settled anew: seldom enough to take little time of those that are fast. */
const FLOOR_EVERY = 4096

/** Surroundings of the second reading: the input somewhere inside a buffer that is not its own. */
const MARGIN = 7
const FILL = 0xa5

/** Judges one input after another for a target. */
export class Oracle {
  readonly #target: FuzzTarget
  readonly #meter: Meter
  #accepted = 0
  /** What the heap held when nothing was being parsed. */
  #floorBytes: number | undefined
  #sinceFloor = 0
  /** What was kept, where the input that it showed at has a finding of its own: said with the next that has none. */
  #left: Finding | undefined

  constructor(target: FuzzTarget, meter: Meter) {
    this.#target = target
    this.#meter = meter
  }

  /** How many inputs were accepted: with none, all that was tried is the first refusal. */
  get accepted(): number {
    return this.#accepted
  }

  /**
   * Parses once and judges time, memory and error; `isThorough` parses again, from inside a larger buffer, and expects the
   * same outcome. What was accepted and can be written is written and parsed once more.
   */
  async judge(input: Uint8Array, isThorough: boolean): Promise<Finding | undefined> {
    this.#left = this.#settle() ?? this.#left
    const bytes = input.slice()
    const { outcome, cost } = await this.#run(bytes)
    if (outcome.kind === 'accepted') this.#accepted++
    const allowance = this.#allowance(input.byteLength)
    const own = misbehaved(outcome, this.#target) ?? this.#tooDear(cost, allowance)
    if (own !== undefined) return own
    const left = this.#left
    this.#left = undefined
    if (left !== undefined) return left
    if (!isDeepStrictEqual(bytes, input)) return { kind: 'input-changed', detail: 'the parser wrote into its input' }
    if (isThorough || outcome.kind === 'accepted') {
      const again = await this.#run(inside(input))
      if (!isDeepStrictEqual(again.outcome, outcome)) {
        return { kind: 'not-deterministic', detail: `${summary(outcome)}, then ${summary(again.outcome)}` }
      }
    }
    return outcome.kind === 'accepted' ? this.#rewrite(outcome.value) : undefined
  }

  /** What the fuzzer itself keeps is not the parser's doing. */
  keep(input: Uint8Array): void {
    if (this.#floorBytes !== undefined) this.#floorBytes += input.byteLength
  }

  /** Settles the heap once in a while; what many inputs left behind shows here, though none of them was over its allowance. */
  #settle(): Finding | undefined {
    const inputs = this.#sinceFloor++
    if (this.#floorBytes !== undefined && inputs < FLOOR_EVERY) return undefined
    const settled = settledHeapBytes()
    const left = settled - (this.#floorBytes ?? settled)
    this.#floorBytes = settled
    this.#sinceFloor = 1
    if (left <= FIXED_HEAP_BYTES) return undefined
    return { kind: 'allocation', detail: `${left} bytes of heap kept for the last ${inputs} inputs` }
  }

  /**
   * When the collector comes is chance, so a heap that seems too large is compared with the floor when all garbage is gone. The
   * caller still holds what was parsed, which counts.
   */
  #tooDear(cost: Cost, allowance: Allowance): Finding | undefined {
    if (cost.heapBytes <= allowance.heapBytes) return expensive(cost, allowance)
    const heldBytes = settledHeapBytes() - (this.#floorBytes ?? 0)
    const finding = expensive({ ...cost, heapBytes: heldBytes }, allowance)
    // What is kept for good is one finding, not one for each input after it.
    if (finding !== undefined) this.#floorBytes = undefined
    return finding
  }

  async #rewrite(value: unknown): Promise<Finding | undefined> {
    const written = this.#target.write?.(value)
    if (written === undefined) return undefined
    const { outcome } = await this.#run(written)
    if (outcome.kind === 'accepted' && isDeepStrictEqual(outcome.value, value)) return undefined
    return { kind: 'not-rewritten', detail: `what was accepted, written and parsed again was ${summary(outcome)}` }
  }

  async #run(bytes: Uint8Array): Promise<{ readonly outcome: Outcome; readonly cost: Cost }> {
    let outcome: Outcome = { kind: 'crashed', error: 'not run' }
    const cost = await this.#meter.measure(this.#allowance(bytes.byteLength), () => {
      try {
        const value = this.#target.parse(bytes)
        if (!(value instanceof Promise)) {
          outcome = { kind: 'accepted', value }
          return undefined
        }
        return value.then(
          (resolved: unknown) => {
            outcome = { kind: 'accepted', value: resolved }
          },
          (error: unknown) => {
            outcome = failed(error)
          },
        )
      } catch (error) {
        outcome = failed(error)
        return undefined
      }
    })
    return { outcome, cost }
  }

  #allowance(inputBytes: number): Allowance {
    const perByte = this.#target.allocationPerByte ?? DEFAULT_PER_BYTE
    return {
      cpuMs: MAX_CPU_MS,
      arrayBytes: FIXED_ARRAY_BYTES + perByte * inputBytes,
      heapBytes: FIXED_HEAP_BYTES + HEAP_PER_BYTE * inputBytes,
    }
  }
}

function failed(error: unknown): Outcome {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return { kind: 'refused', name: error.name, code: error.code, message: error.message }
  }
  return { kind: 'crashed', error }
}

function misbehaved(outcome: Outcome, { refuses }: FuzzTarget): Finding | undefined {
  if (outcome.kind === 'crashed') {
    const kind = outcome.error instanceof AllocationRefused ? 'allocation' : 'crash'
    return { kind, detail: describe(outcome.error) }
  }
  if (outcome.kind === 'accepted' || refuses[outcome.name]?.includes(outcome.code) === true) return undefined
  return { kind: 'undocumented', detail: `${outcome.name} ${outcome.code}: ${outcome.message}` }
}

/** Costs are compared even when the parser swallowed the refusal of an allocation. */
function expensive(cost: Cost, allowance: Allowance): Finding | undefined {
  if (cost.cpuMs > allowance.cpuMs) return { kind: 'hang', detail: `${cost.cpuMs.toFixed(0)} ms of processor time` }
  if (cost.arrayBytes > allowance.arrayBytes)
    return { kind: 'allocation', detail: `${cost.arrayBytes} bytes of arrays` }
  if (cost.heapBytes > allowance.heapBytes) return { kind: 'allocation', detail: `${cost.heapBytes} bytes of heap` }
  return undefined
}

/** The error and where it came up: the first line of the product's own code. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`
  const place = error.stack?.split('\n').find((line) => /\/(packages|planted)\//.test(line)) ?? ''
  return `${error.name}: ${error.message.slice(0, 200)} ${place.replace(/^.*\/(packages|fuzz)\//, '$1/').replace(/\)$/, '')}`
}

function summary(outcome: Outcome): string {
  if (outcome.kind === 'refused') return `refused with ${outcome.code}: ${outcome.message.slice(0, 120)}`
  return outcome.kind === 'accepted' ? 'accepted' : describe(outcome.error)
}

function inside(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.byteLength + 2 * MARGIN).fill(FILL)
  larger.set(bytes, MARGIN)
  return larger.subarray(MARGIN, MARGIN + bytes.byteLength)
}
