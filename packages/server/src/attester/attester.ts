import {
  type AttestationDocument,
  type AttestedSoftware,
  combineNonces,
  digest,
  type EvidenceSource,
  type Keyset,
  MAX_SHARED_NONCES,
  NONCE_BYTES,
  reportData,
  type UnixSeconds,
  utf8,
} from '@blindai/core'
import { AttesterError } from './attester-error.ts'
import { EndorsementCache, type HeldEndorsements, isStale, retryAt } from './endorsement-cache.ts'
import { Lane } from './lane.ts'
import { configDigest, encodeStatement, type ShownConfig, shown } from './statement.ts'

/**
 * Describes this enclave: one statement a boot, and documents in which evidence vouches for it. It does not judge: what
 * the evidence is worth is for the verifier to say.
 */

/** Gives attestation documents. */
export interface Attester {
  /** The exact bytes that evidence vouches for. */
  readonly statement: Uint8Array
  readonly statementSha256: Uint8Array
  /**
   * A document as UTF-8 JSON: without a nonce the cached one, with a nonce one of fresh evidence. Callers that wait while
   * evidence is being collected share the next, whose nonce combines theirs in the order of their calls.
   *
   * @param nonce - 32 bytes, or none.
   * @throws {AttesterError} `ATTESTER_BUSY`, `EVIDENCE_UNAVAILABLE`, `ATTESTER_CLOSED`; {RangeError} for a nonce of another
   * length.
   */
  document(nonce?: Uint8Array): Promise<Uint8Array>
  /** Refuses new callers and those that wait; evidence that is being collected is still handed out. */
  close(): void
}

/** What the attester speaks for, and the device that vouches. */
export interface AttesterOptions {
  readonly source: EvidenceSource
  readonly keyset: Keyset
  /** `digest` is that of the whole effective configuration; without it, of the members shown. */
  readonly config: ShownConfig & { readonly digest?: string }
  readonly software: AttestedSoftware
  readonly clock: () => UnixSeconds
}

/**
 * Makes an attester, with its first evidence collected.
 *
 * @throws {AttesterError} `EVIDENCE_UNAVAILABLE`.
 */
export async function createAttester(options: AttesterOptions): Promise<Attester> {
  const { source, keyset, software, clock } = options
  const config = shown(options.config)
  const whole = options.config.digest ?? (await configDigest(config))
  const statement = encodeStatement(keyset, { ...config, digest: whole }, software)
  const attester = new EvidenceDesk(source, statement, await digest('SHA-256', statement), clock)
  await attester.document()
  return attester
}

/** A caller that waits for fresh evidence. */
interface Caller {
  readonly nonce: Uint8Array
  readonly resolve: (document: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

/** The document of no nonce, and the endorsements in it. */
interface CachedDocument {
  readonly bytes: Uint8Array
  readonly held: HeldEndorsements
  readonly refreshAt: UnixSeconds
}

class EvidenceDesk implements Attester {
  readonly statement: Uint8Array
  readonly statementSha256: Uint8Array
  readonly #source: EvidenceSource
  readonly #clock: () => UnixSeconds
  readonly #endorsements: EndorsementCache
  readonly #lane = new Lane()
  #waiting: Caller[] = []
  #cached: CachedDocument | undefined
  #refreshing: Promise<Uint8Array> | undefined
  #closed = false

  constructor(source: EvidenceSource, statement: Uint8Array, statementSha256: Uint8Array, clock: () => UnixSeconds) {
    this.#source = source
    this.#clock = clock
    this.#endorsements = new EndorsementCache(source)
    this.statement = statement
    this.statementSha256 = statementSha256
  }

  async document(nonce?: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw this.#closedError()
    if (nonce === undefined || nonce.byteLength === 0) return this.#cachedDocument()
    if (nonce.byteLength !== NONCE_BYTES) {
      throw new RangeError(`a nonce has ${NONCE_BYTES} bytes, not ${nonce.byteLength}`)
    }
    const waiting = this.#waiting.length
    if (waiting >= MAX_SHARED_NONCES) {
      throw new AttesterError('ATTESTER_BUSY', { waiting, limit: MAX_SHARED_NONCES })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.push({ nonce: nonce.slice(), resolve, reject })
    if (waiting === 0) void this.#lane.enter(() => this.#serveWaiting())
    return promise
  }

  close(): void {
    this.#closed = true
    for (const caller of this.#takeWaiting()) caller.reject(this.#closedError())
  }

  async #cachedDocument(): Promise<Uint8Array> {
    if (this.#cached !== undefined && this.#clock() < this.#cached.refreshAt) return this.#cached.bytes
    this.#refreshing ??= this.#lane.enter(() => this.#refresh())
    return this.#refreshing
  }

  /** Renews the cached document. One that is at hand serves on for as long as a verifier would take it. */
  async #refresh(): Promise<Uint8Array> {
    const old = this.#cached
    try {
      const { bytes, held } = await this.#collect(new Uint8Array())
      this.#cached = { bytes, held, refreshAt: held.refreshAt }
    } catch (error) {
      const now = this.#clock()
      if (old === undefined || isStale(old.held, now)) throw error
      this.#cached = { ...old, refreshAt: retryAt(now) }
    } finally {
      this.#refreshing = undefined
    }
    return this.#cached.bytes
  }

  /** Serves all who wait now with one piece of evidence. Never rejects: the callers hear of a failure. */
  async #serveWaiting(): Promise<void> {
    const callers = this.#takeWaiting()
    const [first, ...others] = callers
    if (first === undefined) return
    try {
      const shared = others.length === 0 ? undefined : callers.map((caller) => caller.nonce)
      const nonce = shared === undefined ? first.nonce : await combineNonces(shared)
      const { bytes } = await this.#collect(nonce, shared)
      for (const caller of callers) caller.resolve(bytes)
    } catch (error) {
      for (const caller of callers) caller.reject(error)
    }
  }

  #takeWaiting(): Caller[] {
    const callers = this.#waiting
    this.#waiting = []
    return callers
  }

  /** @throws {AttesterError} `EVIDENCE_UNAVAILABLE` for whatever the source throws. */
  async #collect(
    nonce: Uint8Array,
    shared?: readonly Uint8Array[],
  ): Promise<{ bytes: Uint8Array; held: HeldEndorsements }> {
    const bound = await reportData(nonce, this.statement)
    try {
      const evidence = await this.#source.collect(bound)
      const held = await this.#endorsements.at(this.#clock(), evidence.endorsedUnder)
      const document: AttestationDocument = {
        statement: base64Url(this.statement),
        nonce: base64Url(nonce),
        ...(shared === undefined ? {} : { nonces: shared.map(base64Url) }),
        evidence: {
          format: this.#source.format,
          bytes: base64Url(evidence.bytes),
          ...(evidence.log === undefined ? {} : { log: base64Url(evidence.log) }),
        },
        ...(held.value === undefined ? {} : { endorsements: held.value }),
      }
      return { bytes: utf8(JSON.stringify(document)), held }
    } catch (cause) {
      throw new AttesterError('EVIDENCE_UNAVAILABLE', { format: this.#source.format }, { cause })
    }
  }

  #closedError(): AttesterError {
    return new AttesterError('ATTESTER_CLOSED', { format: this.#source.format })
  }
}

/** Native: a log can have a hundred kilobytes. */
function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}
