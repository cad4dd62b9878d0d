import { type UnixSeconds, unixSeconds } from '@blindai/core'
import { EndorsementError } from '../endorsement-error.ts'
import { codeOf, type EndorsementEvent } from '../event.ts'
import { resourceOf } from '../http/exchange.ts'
import { exchangeWithRetry, type Pace, QuietServices, type RetryRules } from '../http/retry.ts'
import { inspect, type Obtained, obtained, type Resource } from '../resource.ts'
import type { DiskCache } from './disk.ts'
import type { CacheEntry } from './entry.ts'

/**
 * Copies of resources in memory, and on disk where there is a folder.
 *
 * ```
 * none → fresh → ageing → stale (= none)
 *          ↑________|
 * ```
 *
 * A fresh copy serves. An ageing one serves too, while a newer one is fetched behind the caller's back; when that fails it
 * serves on until the earliest end that it names itself. Only without a valid copy does a caller wait, or hear of a failure.
 * One fetch a resource is under way at a time, and after a failure none begins for a while.
 */

/** How copies are fetched. */
export interface CacheOptions {
  readonly disk: DiskCache | undefined
  readonly pace: Pace
  readonly retry: RetryRules
  readonly timeoutMs: number
  readonly onEvent: (event: EndorsementEvent) => void
}

interface Held {
  readonly copy: Obtained
  readonly refreshAt: UnixSeconds
  readonly staleAt: UnixSeconds
}

interface Failure {
  readonly error: unknown
  readonly until: UnixSeconds
}

/** Copies and failures that are remembered. */
const MOST_HELD = 64
/** How long before its end a copy is ageing, whenever it came. */
const MARGIN_SECONDS = 86_400
const LEAST_FRESH_SECONDS = 60
/** No fetch begins for so long after a failure, and up to twice as long. */
const PAUSE_SECONDS = 15

export class ResourceCache {
  readonly #options: CacheOptions
  readonly #quiet = new QuietServices()
  readonly #held = new Map<string, Held>()
  readonly #failures = new Map<string, Failure>()
  readonly #fromDisk = new Map<string, Promise<void>>()
  readonly #fetches = new Map<string, Promise<Obtained>>()
  readonly #closing = new AbortController()

  constructor(options: CacheOptions) {
    this.#options = options
  }

  /**
   * A valid copy. An abort ends the wait; a fetch that is under way goes on, for others.
   *
   * @throws {EndorsementError} every code but those of other technologies; the reason of the signal.
   */
  async get(resource: Resource, signal: AbortSignal | undefined): Promise<Obtained> {
    signal?.throwIfAborted()
    const address = resource.url.href
    const first = this.#fromDisk.get(address) ?? this.#load(resource)
    await abortable(remember(this.#fromDisk, address, first), signal)
    const held = this.#held.get(address)
    const now = this.#options.pace.clock()
    if (held === undefined || now >= held.staleAt) return abortable(this.#fetch(resource), signal)
    // Its failure was told, and the copy serves on.
    if (now >= held.refreshAt) this.#fetch(resource).catch(ignore)
    return held.copy
  }

  /** Ends fetches that are under way, and begins no other. */
  async close(): Promise<void> {
    this.#closing.abort(new EndorsementError('FETCHER_CLOSED', {}))
    await Promise.allSettled(this.#fetches.values())
  }

  async #load(resource: Resource): Promise<void> {
    const { disk, onEvent } = this.#options
    try {
      const entry = await disk?.load(resource.url.href)
      if (entry !== undefined) this.#hold(resource, entry)
    } catch (error) {
      onEvent({ event: 'endorsement-copy-refused', name: resource.name, code: codeOf(error) })
    }
  }

  #fetch(resource: Resource): Promise<Obtained> {
    const address = resource.url.href
    const underWay = this.#fetches.get(address)
    if (underWay !== undefined) return underWay
    const fetch = this.#fetchOnce(resource).finally(() => this.#fetches.delete(address))
    this.#fetches.set(address, fetch)
    return fetch
  }

  async #fetchOnce(resource: Resource): Promise<Obtained> {
    const { pace, onEvent } = this.#options
    const { name, url } = resource
    const before = this.#failures.get(url.href)
    if (before !== undefined && pace.clock() < before.until) throw before.error
    try {
      const entry = await this.#ask(resource)
      this.#hold(resource, entry)
      this.#failures.delete(url.href)
      onEvent({ event: 'endorsement-fetched', name })
      await this.#keep(resource, entry)
      return entry
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#noteFailure(resource, error)
      throw error
    }
  }

  async #ask(resource: Resource): Promise<CacheEntry> {
    const { pace, retry, timeoutMs } = this.#options
    const { url, mediaTypes, maxBytes, authorities } = resource
    const asked = { url, mediaTypes, maxBytes, authorities, timeoutMs, signal: this.#closing.signal }
    this.#closing.signal.throwIfAborted()
    const { body, header } = await exchangeWithRetry(asked, retry, pace, this.#quiet)
    return { ...obtained(resource, body, header), fetchedAt: pace.clock() }
  }

  /** @throws {EndorsementError} for a copy that has not the form, is for something else, or is past its end. */
  #hold(resource: Resource, entry: CacheEntry): void {
    const { notAfter } = inspect(resource, entry)
    const { clock, random } = this.#options.pace
    const now = clock()
    if (now >= notAfter) {
      throw new EndorsementError('ENDORSEMENT_STALE', { resource: resourceOf(resource.url), notAfter, now })
    }
    // A copy that came later than now came before a clock went back; nobody knows how old it is.
    const age = entry.fetchedAt > now ? Number.POSITIVE_INFINITY : now - entry.fetchedAt
    const lasts = resource.freshSeconds * (0.9 + 0.2 * random()) - age
    const wanted = Math.min(now + lasts, notAfter - MARGIN_SECONDS)
    const { body, issuerChain } = entry
    const refreshAt = unixSeconds(Math.floor(Math.max(now + (age > 0 ? 0 : LEAST_FRESH_SECONDS), wanted)))
    const copy = { body, ...(issuerChain !== undefined && { issuerChain }) }
    setBounded(this.#held, resource.url.href, { copy, refreshAt, staleAt: notAfter })
  }

  /** A disk that is full costs the copy on disk, not the one in memory. */
  async #keep(resource: Resource, entry: CacheEntry): Promise<void> {
    const { disk, onEvent } = this.#options
    try {
      await disk?.store(resource.url.href, entry)
    } catch (error) {
      onEvent({ event: 'endorsement-copy-not-kept', name: resource.name, code: codeOf(error) })
    }
  }

  #noteFailure({ url, name }: Resource, error: unknown): void {
    const { pace, onEvent } = this.#options
    const now = pace.clock()
    const until = unixSeconds(now + Math.ceil(PAUSE_SECONDS * (1 + pace.random())))
    setBounded(this.#failures, url.href, { error, until })
    const held = this.#held.get(url.href)
    const serves = held !== undefined && now < held.staleAt
    if (held !== undefined) this.#held.set(url.href, { ...held, refreshAt: until })
    onEvent({ event: 'endorsement-failed', name, code: codeOf(error), serves })
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  if (!map.has(key)) setBounded(map, key, value)
  return value
}

/** The oldest entry gives way. */
function setBounded<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  const [oldest] = map.keys()
  if (map.size >= MOST_HELD && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}

/** Settles as the promise does, or rejects with the signal's reason before. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function ignore(): void {
  // Told where it happened.
}
