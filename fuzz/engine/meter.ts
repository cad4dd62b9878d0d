import { getHeapStatistics } from 'node:v8'

const TYPED_ARRAYS = [
  ...([
    'Uint8Array',
    'Uint8ClampedArray',
    'Int8Array',
    'Uint16Array',
    'Int16Array',
    'Uint32Array',
    'Int32Array',
  ] as const),
  ...(['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'] as const),
]

/** What one input may cost. */
export interface Allowance {
  readonly cpuMs: number
  /** Bytes of typed arrays and buffers, all that were made, also those that are gone again. */
  readonly arrayBytes: number
  /** Bytes by which the heap and what hangs on it may have grown when the parser is done. */
  readonly heapBytes: number
}

/** What one input did cost. */
export interface Cost {
  readonly cpuMs: number
  readonly arrayBytes: number
  readonly heapBytes: number
}

/** Thrown out of a constructor that would exceed the allowance, instead of allocating. */
export class AllocationRefused extends Error {}

/**
 * Measures what parsing takes in this thread. Typed arrays are counted as they are made, by their constructors and by
 * `slice`; the rest of the heap is compared before and after, and bounded by the thread's own limit in between.
 */
export class Meter {
  #arrayBytes = 0
  #limit = Number.POSITIVE_INFINITY

  /** Puts counters before the constructors of this thread. */
  install(): void {
    const count = (bytes: number): void => this.#count(bytes)
    for (const name of TYPED_ARRAYS) {
      const native: object = globalThis[name]
      Reflect.set(globalThis, name, new Proxy(native, counted(count, globalThis[name].BYTES_PER_ELEMENT)))
    }
    Reflect.set(globalThis, 'ArrayBuffer', new Proxy(globalThis.ArrayBuffer, counted(count, 1)))
    const shared: object = Object.getPrototypeOf(Uint8Array.prototype)
    const slice: unknown = Reflect.get(shared, 'slice')
    if (typeof slice !== 'function') throw new TypeError('typed arrays have a slice')
    Reflect.set(shared, 'slice', function (this: Uint8Array, ...bounds: readonly number[]): Uint8Array {
      const made: Uint8Array = Reflect.apply(slice, this, bounds)
      count(made.byteLength)
      return made
    })
  }

  /** Runs the work and says what it took, also when it throws. */
  async measure(allowance: Allowance, work: () => unknown): Promise<Cost> {
    const heap = heapBytes()
    const cpu = process.threadCpuUsage()
    this.#arrayBytes = 0
    this.#limit = allowance.arrayBytes
    try {
      const pending = work()
      if (pending instanceof Promise) await pending
    } finally {
      this.#limit = Number.POSITIVE_INFINITY
    }
    const { user, system } = process.threadCpuUsage(cpu)
    return { cpuMs: (user + system) / 1000, arrayBytes: this.#arrayBytes, heapBytes: heapBytes() - heap }
  }

  #count(bytes: number): void {
    this.#arrayBytes += bytes
    if (this.#arrayBytes > this.#limit) throw new AllocationRefused(`${this.#arrayBytes} bytes of arrays`)
  }
}

/** The heap of this thread and what hangs on it, garbage included. */
export function heapBytes(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics()
  return used + external
}

/** A view of a buffer costs nothing; a length, a list or another array costs its bytes, and is counted before it is made. */
function counted(count: (bytes: number) => void, elementBytes: number): ProxyHandler<object> {
  return {
    construct: (native, args: readonly unknown[], newTarget) => {
      const [first] = args
      if (typeof first === 'number') count(first * elementBytes)
      else if (ArrayBuffer.isView(first)) count(first.byteLength)
      else if (Array.isArray(first)) count(first.length * elementBytes)
      if (typeof native !== 'function') throw new TypeError('a constructor')
      return Reflect.construct(native, args, newTarget)
    },
  }
}
