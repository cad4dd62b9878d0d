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
