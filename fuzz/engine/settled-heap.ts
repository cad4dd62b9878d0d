import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { heapBytes } from './meter.ts'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes of the heap, and of what hangs on it, that somebody still holds: garbage is collected first. */
export function settledHeapBytes(): number {
  if (typeof collect !== 'function') throw new TypeError('the engine has a collector')
  // What the first time finds of buffers is given back beside the program; the second waits for that.
  collect()
  collect()
  return heapBytes()
}

/** Long enough for what finalisers put off to a later turn. */
const TURN_MS = 20
const QUIET_BYTES = 1024 * 1024

/**
 * Comes back when nothing is left that changes the heap by itself. What reads and instruments modules is native code, whose
 * finalisers run some turns after a collection and change by 16 MiB what is said to hang on the heap: of no parser's doing.
 */
export async function quietHeap(): Promise<void> {
  let before: number
  do {
    before = settledHeapBytes()
    await setTimeout(TURN_MS)
  } while (Math.abs(heapBytes() - before) > QUIET_BYTES)
}
