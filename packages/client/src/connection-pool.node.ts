import { BlindAiError } from './errors.ts'
import type { TlsConnection } from './tls-connection.node.ts'

/**
 * Connections that are kept and shared, at most so many. Each carries one request at a time; who comes when all are busy
 * waits in order.
 */
export class ConnectionPool {
  readonly #open: (signal: AbortSignal) => Promise<TlsConnection>
  readonly #maxConnections: number
  readonly #idle: TlsConnection[] = []
  readonly #all = new Set<TlsConnection>()
  readonly #waiting: PromiseWithResolvers<void>[] = []
  /** Handshakes under way. */
  #opening = 0
  #isRetired = false
  #isClosed = false

  /** @param open - makes a connection that has already proved itself. */
  constructor(open: (signal: AbortSignal) => Promise<TlsConnection>, maxConnections: number) {
    this.#open = open
    this.#maxConnections = maxConnections
  }

  /** Takes in an idle connection. */
  add(connection: TlsConnection): void {
    this.#all.add(connection)
    connection.onClose(() => this.#forget(connection))
    this.release(connection)
  }

  /**
   * A connection for one request; give it back with `release`.
   *
   * @throws {BlindAiError} `TOO_MANY_CALLS`, `SESSION_CLOSED`, and whatever opening throws; the signal's reason.
   */
  async acquire(signal: AbortSignal): Promise<TlsConnection> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#isClosed) throw new BlindAiError('SESSION_CLOSED', {})
      const idle = this.#idle.pop()
      if (idle?.isOpen === true) return idle
      if (idle !== undefined) continue
      if (this.#all.size + this.#opening < this.#maxConnections) return this.#openOne(signal)
      await this.#turn(signal)
    }
  }

  /** Gives a connection back; one that is closed, or of a retired pool, is gone. */
  release(connection: TlsConnection): void {
    if (!connection.isOpen || this.#isRetired) connection.destroy()
    else this.#idle.push(connection)
    this.#wakeOne()
  }

  /** Keeps no connection that is idle, now or later. */
  retire(): void {
    this.#isRetired = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  /** Ends all connections, busy ones too, and makes no more. */
  close(): void {
    this.#isClosed = true
    this.retire()
    for (const turn of this.#waiting.splice(0)) turn.resolve()
    for (const connection of this.#all) connection.destroy()
  }

  async #openOne(signal: AbortSignal): Promise<TlsConnection> {
    this.#opening++
    try {
      const connection = await this.#open(signal)
      if (this.#isClosed) {
        connection.destroy()
        throw new BlindAiError('SESSION_CLOSED', {})
      }
      this.#all.add(connection)
      connection.onClose(() => this.#forget(connection))
      return connection
    } catch (error) {
      this.#wakeOne()
      throw error
    } finally {
      this.#opening--
    }
  }

  #forget(connection: TlsConnection): void {
    this.#all.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#wakeOne()
  }

  /** Waits until something may have become free. */
  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) throw new BlindAiError('TOO_MANY_CALLS', { limit: MAX_WAITING })
    const turn = Promise.withResolvers<void>()
    const onAbort = (): void => turn.reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting.push(turn)
    try {
      await turn.promise
    } catch (error) {
      const index = this.#waiting.indexOf(turn)
      if (index >= 0) this.#waiting.splice(index, 1)
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #wakeOne(): void {
    this.#waiting.shift()?.resolve()
  }
}

/** Calls that may wait for a connection. */
const MAX_WAITING = 10_000
