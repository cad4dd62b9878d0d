import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** User and group ids for engines. */
export interface Identities {
  next(): number
}

/** Far from what accounts, containers and systemd give out. */
const PREFERRED_FIRST = 0x7000_0000
const COUNT = 0x1_0000
/** What a range must have beyond the ids that accounts may have. */
const ACCOUNTS = 0x1_0000

/**
 * Ids of nobody, a new one for each engine: two engines are as foreign to each other as to the server. Undefined where
 * this process may not take another id.
 */
export function findIdentities(): Identities | undefined {
  const first = firstFreeId(readFileSync('/proc/self/uid_map', 'utf8'))
  if (first === undefined) return undefined
  // Two servers on one machine start at different places.
  let index = randomInt(COUNT)
  return {
    next() {
      index = (index + 1) % COUNT
      return first + index
    },
  }
}

/** Where `COUNT` ids start that exist in this user namespace. Source: user_namespaces(7), "uid_map". */
export function firstFreeId(uidMap: string): number | undefined {
  for (const line of uidMap.trim().split('\n')) {
    const [inside = Number.NaN, , length = 0] = line.trim().split(/\s+/).map(Number)
    const end = inside + length
    if (inside <= PREFERRED_FIRST && end >= PREFERRED_FIRST + COUNT) return PREFERRED_FIRST
    if (length >= ACCOUNTS + COUNT) return end - COUNT
  }
  return undefined
}
