/** How many groups of an IPv6 address are a customer's network; what follows is his to choose. Source: RFC 6177. */
const NETWORK_GROUPS = 4

/** Counts open connections by where they come from, so that one place cannot take all of them. */
export class ConnectionCount {
  readonly #limit: number
  readonly #open: Map<string, number> = new Map()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Counts one more; undefined when that place has as many as it may, else what gives it back. */
  enter(address: string | undefined): (() => void) | undefined {
    const network = networkOf(address ?? '')
    const open = this.#open.get(network) ?? 0
    if (open >= this.#limit) return undefined
    this.#open.set(network, open + 1)
    return () => {
      const left = (this.#open.get(network) ?? 1) - 1
      if (left > 0) this.#open.set(network, left)
      else this.#open.delete(network)
    }
  }
}

/** An IPv4 address as it is, however it is written; of IPv6 the network. Source: RFC 4291 sections 2.2 and 2.5.5.2. */
export function networkOf(address: string): string {
  if (address.includes('.')) return address.replace(/^.*:/, '')
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')
}
