import { randomUUID } from 'node:crypto'
import { REQUEST_ID_HEADER } from '@blindai/protocol'
import type { ServerLimits } from '../config-limits.ts'
import type { ApiRequest, ApiResponse } from '../http/api.ts'
import { type BodyLease, BodyMemory } from '../http/body-memory.ts'
import type { Answered, RequestFailure } from '../http/dispatcher.ts'
import { publicError } from '../http/error-response.ts'
import { refuseUnderPressure } from '../http/memory-gate.ts'
import type { Route } from '../http/router.ts'
import type { MemoryPressure } from '../memory-ladder.ts'
import type { RouteName } from '../metrics/server-metrics.ts'
import type { TenantMeter } from '../tenants/index.ts'
import { CBOR_NULL, cborText } from './cbor-writer.ts'
import { LEGACY_STATUS, LegacyError } from './legacy-error.ts'

/** What stands between requests of BlindAI 0.6 clients and what they ask for. */
export interface LegacyChecks {
  /** Who all of them are: a tenant without a key. */
  readonly tenant: string
  readonly limits: ServerLimits
  readonly pressure: MemoryPressure
  readonly meter: Pick<TenantMeter, 'countRequest'>
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** True where the evidence is simulated, which clients are told. */
  readonly isSimulated: boolean
  /** Told of every request that was answered, however. */
  readonly onAnswered: (answered: LegacyAnswered) => void
  readonly onFailure: (failure: RequestFailure) => void
}

/**
 * As of every other client, but for what routes are. The status is that of the same answer over HTTP, and not the one on this
 * wire, which has 200 and 500 for nearly all: what a client does wrong is not the server's failure, and a new model is one.
 */
export interface LegacyAnswered extends Omit<Answered, 'route'> {
  /** One of `LEGACY_ROUTES`; undefined for what only greets, too, whose path its sender chose. */
  readonly route: RouteName | undefined
}

/** What one port does. */
export interface LegacyRoute extends Pick<Route, 'maxBodyBytes' | 'isUpload'> {
  /** One of `LEGACY_ROUTES`. */
  readonly name: RouteName
  /** True for what is nobody's request: certificate and evidence. */
  readonly isPublic?: boolean
  /** @param lease - of the request; it ends before the answer is counted. */
  readonly handle: (request: ApiRequest, lease: BodyLease) => Promise<LegacyAnswer> | LegacyAnswer
}

/** What a route answers. */
export interface LegacyAnswer {
  readonly bytes: Uint8Array
  /** True where it made something new. */
  readonly isCreation?: boolean
}

/** All that there is, by the names that metrics and the log have for it. */
export const LEGACY_ROUTES: Readonly<
  Record<'certificate' | 'quote' | 'collateral' | 'run' | 'upload' | 'delete', RouteName>
> = {
  certificate: { method: 'GET', path: '/' },
  quote: { method: 'GET', path: '/quote' },
  collateral: { method: 'GET', path: '/collateral' },
  run: { method: 'POST', path: '/run' },
  upload: { method: 'POST', path: '/upload', isUpload: true },
  delete: { method: 'POST', path: '/delete' },
}

/** What is said of a failure. */
interface Refusal {
  /** As over HTTP. */
  readonly status: number
  readonly code: string
  readonly hint: string
}

/** Answers up to this many bytes are not counted while they are sent: connections are bounded, too. */
const SMALL_ANSWER_BYTES = 64 * 1024

/**
 * What all ports have in common. The level of memory, the requests of a minute, bodies and answers that are held, metrics and
 * the log of requests are as for every other client; only the share of bodies is apart. A failure is status 500 with a
 * sentence in CBOR that holds nothing of the request: a code, and what to do.
 *
 * Source: the client of BlindAI 0.6.
 */
export class LegacyPorts {
  readonly #checks: LegacyChecks
  readonly #bodies: BodyMemory
  readonly #server: string

  constructor(checks: LegacyChecks) {
    this.#checks = checks
    // One tenant's share, beside the memory that the bodies of all other requests may take.
    const share = checks.limits.maxBodyMemoryBytesPerTenant
    this.#bodies = new BodyMemory({ maxBodyMemoryBytes: share, maxBodyMemoryBytesPerTenant: share })
    this.#server = checks.isSimulated ? 'blindai-mock' : 'blindai'
  }

  /**
   * Never rejects.
   *
   * @param routes - of the port.
   * @param greets - answers any other GET, by which clients of 0.6 see whether the connection holds.
   */
  async serve(request: ApiRequest, routes: readonly LegacyRoute[], greets: boolean): Promise<ApiResponse> {
    const { nowMs, onAnswered } = this.#checks
    const requestId = randomUUID()
    const startedAtMs = nowMs()
    const { method, path } = request
    const route = routes.find(({ name }) => name.method === method && name.path === path)
    const headers = { server: this.#server, 'content-type': 'application/cbor', [REQUEST_ID_HEADER]: requestId }
    let answer: LegacyAnswer
    let refusal: Refusal | undefined
    let onSent: (() => void) | undefined
    try {
      answer = await this.#answerTo(request, route, greets)
      onSent = this.#hold(answer.bytes)
    } catch (cause) {
      refusal = this.#refusal(requestId, cause)
      answer = { bytes: cborText(`${refusal.code}: ${refusal.hint}`) }
    }
    const { bytes, isCreation = false } = answer
    const { status = isCreation ? 201 : 200, code } = refusal ?? {}
    const sizes = { bytesIn: request.body.length, bytesOut: bytes.byteLength }
    onAnswered({ requestId, route: route?.name, status, code, ms: nowMs() - startedAtMs, ...sizes })
    return { status: wireStatus(refusal), headers, body: [bytes], ...(onSent === undefined ? {} : { onSent }) }
  }

  async #answerTo(request: ApiRequest, route: LegacyRoute | undefined, greets: boolean): Promise<LegacyAnswer> {
    if (route === undefined && greets && request.method === 'GET') return { bytes: CBOR_NULL }
    if (route === undefined) throw new LegacyError('LEGACY_NOT_FOUND', {})
    const { meter, pressure, tenant } = this.#checks
    if (route.isPublic !== true) {
      // 0.6 knows no uploads in parts, so no header makes one that goes on with another.
      refuseUnderPressure(pressure.level(), route, { ...request, headers: {} })
      meter.countRequest(tenant)
    }
    const lease = this.#bodies.lease(tenant)
    try {
      return await route.handle(request, lease)
    } finally {
      lease.end()
    }
  }

  /**
   * Counts a large answer until it is sent, so that slow readers cannot make the server keep any number of them. One that finds
   * no room is given up, as elsewhere, and its request is answered with that refusal.
   *
   * @throws {ApiError} `OUTPUT_TOO_LARGE_FOR_MEMORY`, `TENANT_BODY_MEMORY_FULL`.
   */
  #hold({ byteLength }: Uint8Array): (() => void) | undefined {
    if (byteLength <= SMALL_ANSWER_BYTES) return undefined
    const lease = this.#bodies.lease(this.#checks.tenant)
    lease.growAnswer(byteLength)
    return () => lease.end()
  }

  /** Refusals of this wire are the client's to read alone; of all others the operator hears what is for the operator. */
  #refusal(requestId: string, cause: unknown): Refusal {
    if (cause instanceof LegacyError) {
      const { code, hint }: LegacyError = cause
      return { status: LEGACY_STATUS[code], code, hint }
    }
    const error = publicError(cause)
    this.#checks.onFailure({ requestId, error, cause })
    return { status: error.status, code: error.code, hint: error.hint }
  }
}

/** Source: the client of BlindAI 0.6. */
function wireStatus(refusal: Refusal | undefined): number {
  if (refusal === undefined) return 200
  return refusal.code === 'LEGACY_NOT_FOUND' ? 404 : 500
}
