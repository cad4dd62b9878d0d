import { openSync, readdirSync, readFileSync } from 'node:fs'

/** The flag of a descriptor that ends with exec, in octal. Source: fcntl.h of Linux, for all processors that Node runs on. */
const O_CLOEXEC = 0o2000000
/** Standard streams and the channel, which every child gets anew. */
const FIRST_STRAY = 4

/**
 * What to put in the place of descriptors that this process was started with and would pass on: nothing, at their numbers.
 * Node marks those that it opens itself, and the first that it inherits, but none beyond a gap. The rest of a `stdio` array,
 * from descriptor 4 on.
 */
export function coveredDescriptors(): (number | 'ignore')[] {
  const strays = readdirSync('/proc/self/fd').map(Number).filter(isStray)
  if (strays.length === 0) return []
  const nothing = openSync('/dev/null', 'r')
  const length = Math.max(...strays) - FIRST_STRAY + 1
  return Array.from({ length }, (_, index) => (strays.includes(index + FIRST_STRAY) ? nothing : 'ignore'))
}

function isStray(descriptor: number): boolean {
  if (descriptor < FIRST_STRAY) return false
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1]
    return (Number.parseInt(flags ?? '0', 8) & O_CLOEXEC) === 0
  } catch (error) {
    // The listing itself was open while it was made.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
