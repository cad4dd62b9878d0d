import type { Datatype, RawTensor } from '@blindai/protocol'
import { Failure } from '../../failure.ts'
import type { Session } from '../../session.ts'
import { elementBytes } from '../../tensors.ts'
import { NotProven } from './not-proven.ts'

/**
 * Runs a model on rows alone and together, and compares the answers bit for bit: what the graph proves of real numbers has to
 * hold for rounded ones on this processor too.
 *
 * One bit of difference ends it, however small: kernels may sum in another order when there are more rows, and an answer
 * must not tell whether it was computed in company.
 *
 * It looks at a few shapes and numbers of rows, as many as there is time for. The scheduler compares the first batch of every
 * shape again, with the requests that it is made of.
 *
 * @throws {NotProven} `rounding`, `comparison-failed`, `text-input`, `too-slow`, `too-large`; {Failure}
 * `MODEL_NEEDS_MORE_MEMORY`.
 */
export async function compareRows(session: Session, nowMs: () => number): Promise<void> {
  if (session.inputs.some(({ datatype }) => datatype === 'BYTES')) throw new NotProven('text-input')
  const random = new Random()
  const startedAtMs = nowMs()
  const trials = await workingTrials(session, random, nowMs)
  for (const count of ROW_COUNTS) {
    for (const trial of trials) {
      const isTooLong = nowMs() - startedAtMs + 2 * count * trial.runMs > BUDGET_MS
      const isTooLarge = count * trial.rowBytes > MAX_BYTES
      if (count === LEAST && (isTooLong || isTooLarge)) throw new NotProven(isTooLong ? 'too-slow' : 'too-large')
      if (isTooLong || isTooLarge) return
      await compareOnce(session, trial, count, random)
    }
  }
}

const LEAST = 2
const ROW_COUNTS = [LEAST, 3, 5, 8, 16, 32]
/** Engines start while somebody waits. Runs that take a quarter of it have nothing to gain from company. */
const BUDGET_MS = 600
const MAX_BYTES = 16 * 1024 * 1024
/** Tried for open lengths, shortest first, until two of them work: a text has a few places, a second of sound 16,000. */
const LENGTHS = [1, 5, 16, 64, 512, 4096, 16_384]
const WANTED_TRIALS = 2
/** Whole numbers below this: word pieces, pixels; below two where those are no index that the model has. */
const INTEGER_BOUNDS = [256, 2]

/** How inputs are made that the model takes. */
interface Trial {
  /** What open lengths are. */
  readonly length: number
  readonly bound: number
  readonly runMs: number
  readonly rowBytes: number
}

async function workingTrials(session: Session, random: Random, nowMs: () => number): Promise<Trial[]> {
  const isOpen = session.inputs.some(({ shape }) => shape.slice(1).includes(-1))
  const trials: Trial[] = []
  for (const length of isOpen ? LENGTHS : [1]) {
    for (const bound of INTEGER_BOUNDS) {
      const row = makeRow(session, length, bound, random)
      const rowBytes = row.reduce((sum, { data }) => sum + data.byteLength, 0)
      if (rowBytes > MAX_BYTES) break
      const runMs = await triedMs(session, row, nowMs)
      if (runMs === undefined) continue
      trials.push({ length, bound, runMs, rowBytes })
      break
    }
    if (trials.length === WANTED_TRIALS) break
  }
  if (trials.length === 0) throw new NotProven('comparison-failed')
  return trials
}

/** How long a run takes, the second time; undefined when the model does not take the input. */
async function triedMs(session: Session, row: readonly RawTensor[], nowMs: () => number): Promise<number | undefined> {
  try {
    await session.run(row, undefined)
    const startedAtMs = nowMs()
    await session.run(row, undefined)
    return nowMs() - startedAtMs
  } catch (error) {
    if (error instanceof Failure && error.code === 'RUN_FAILED') return undefined
    throw error
  }
}

async function compareOnce(session: Session, trial: Trial, count: number, random: Random): Promise<void> {
  const singles = Array.from({ length: count }, () => makeRow(session, trial.length, trial.bound, random))
  const together = await session.run(stacked(singles), undefined)
  for (const [index, single] of singles.entries()) {
    const alone = await session.run(single, undefined)
    for (const [output, { data, shape }] of alone.entries()) {
      const all = together[output]
      const same = all?.shape[0] === count && shape[0] === 1 && all.shape.slice(1).join() === shape.slice(1).join()
      if (!same) throw new NotProven('output-without-rows')
      const own = all.data.subarray(index * data.byteLength, (index + 1) * data.byteLength)
      if (Buffer.compare(own, data) !== 0) throw new NotProven('rounding')
    }
  }
}

/** One request of one row. */
function makeRow(session: Session, length: number, bound: number, random: Random): RawTensor[] {
  return session.inputs.map(({ name, datatype, shape }) => {
    const own = shape.map((dimension, axis) => (axis === 0 ? 1 : dimension === -1 ? length : dimension))
    const count = own.reduce((all, dimension) => all * dimension, 1)
    if (count * elementBytes(datatype) > MAX_BYTES) throw new NotProven('too-large')
    return { name, datatype, shape: own, data: random.elements(datatype, count, bound) }
  })
}

function stacked(singles: readonly (readonly RawTensor[])[]): RawTensor[] {
  const [first = []] = singles
  return first.map((tensor, input) => {
    const data = Buffer.concat(singles.map((single) => single[input]?.data ?? new Uint8Array(0)))
    return { ...tensor, shape: [singles.length, ...tensor.shape.slice(1)], data: new Uint8Array(data) }
  })
}

/** Numbers that look random and are the same at every start. Source: Marsaglia, "Xorshift RNGs", 2003, section 3. */
class Random {
  #state = 0x9e37_79b9

  /** From 0 to below 2^32. */
  next(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return this.#state >>> 0
  }

  /** Elements of a datatype: fractions between -1 and 1, whole numbers below the bound. */
  elements(datatype: Datatype, count: number, bound: number): Uint8Array {
    const { buffer } = this.#array(datatype, count, bound)
    return new Uint8Array(buffer)
  }

  #array(datatype: Datatype, count: number, bound: number): { readonly buffer: ArrayBuffer } {
    const fraction = (): number => this.next() / 2 ** 31 - 1
    const whole = (): number => this.next() % bound
    const from = { length: count }
    switch (datatype) {
      case 'FP32':
        return Float32Array.from(from, fraction)
      case 'FP64':
        return Float64Array.from(from, fraction)
      case 'FP16':
        // A sign, an exponent for numbers from 1/8 to 1, a fraction. Source: IEEE 754, binary16.
        return Uint16Array.from(from, () => ((this.next() & 1) << 15) | (0x3000 + (this.next() % 0x0c00)))
      case 'BOOL':
        return Uint8Array.from(from, () => this.next() & 1)
      case 'INT8':
      case 'UINT8':
        return Uint8Array.from(from, () => whole() % 128)
      case 'INT16':
      case 'UINT16':
        return Uint16Array.from(from, whole)
      case 'INT32':
      case 'UINT32':
        return Uint32Array.from(from, whole)
      case 'INT64':
      case 'UINT64':
        return BigUint64Array.from(from, () => BigInt(whole()))
      case 'BYTES':
        throw new TypeError('texts are not made up')
      default:
        return datatype satisfies never
    }
  }
}
