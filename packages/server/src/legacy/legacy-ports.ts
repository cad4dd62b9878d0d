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
import { LegacyError } from './legacy-error.ts'

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

export interface LegacyAnswered extends Omit<Answered, 'route'> {
  /** One of `LEGACY_ROUTES`. */
  readonly route: RouteName | undefined
}

/** What one port does. */
export interface LegacyRoute extends Pick<Route, 'method' | 'path' | 'maxBodyBytes' | 'isUpload'> {
  /** True for what is nobody's request: certificate and evidence. */
  readonly isPublic?: boolean
  /** @param lease - of the body; it ends with the work. */
  readonly handle: (request: ApiRequest, lease: BodyLease) => Promise<Uint8Array> | Uint8Array
}

/** All that has a name of its own in metrics and in the log. */
export const LEGACY_ROUTES: readonly RouteName[] = [
  { method: 'GET', path: '/quote' },
  { method: 'GET', path: '/collateral' },
  { method: 'POST', path: '/run' },
  { method: 'POST', path: '/upload', isUpload: true },
  { method: 'POST', path: '/delete' },
]

/** Answers up to this many bytes are not counted while they are sent: connections are bounded, too. */
const SMALL_ANSWER_BYTES = 64 * 1024

/**
 * Serves the ports: memory, the requests of a minute, what is held of bodies and answers, and what is told of a request are as
 * for every other client. A failure is status 500 with a sentence in CBOR that holds nothing of the request: a code, and what
 * to do.
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

  /** @param greets - answers any GET, by which clients of 0.6 see whether the connection holds. */
  async serve(request: ApiRequest, routes: readonly LegacyRoute[], greets: boolean): Promise<ApiResponse> {
    const { nowMs, onAnswered, onFailure, tenant } = this.#checks
    const requestId = randomUUID()
    const startedAtMs = nowMs()
    const { method, path } = request
    const route = routes.find((one) => one.method === method && one.path === path)
    const headers = { server: this.#server, 'content-type': 'application/cbor', [REQUEST_ID_HEADER]: requestId }
    const lease = this.#bodies.lease(tenant)
    let code: string | undefined
    let response: ApiResponse
    try {
      const bytes = await this.#bytes(request, route, greets, lease)
      lease.end()
      response = this.#hold({ status: 200, headers, body: [bytes] }, bytes.byteLength)
    } catch (cause) {
      const isOurs = cause instanceof LegacyError
      const error = publicError(cause)
      if (!isOurs) onFailure({ requestId, error, cause })
      const { hint } = isOurs ? cause : error
      code = isOurs ? cause.code : error.code
      response = { status: code === 'LEGACY_NOT_FOUND' ? 404 : 500, headers, body: [cborText(`${code}: ${hint}`)] }
    } finally {
      lease.end()
    }
    onAnswered({
      requestId,
      route: route && LEGACY_ROUTES.find((one) => one.method === route.method && one.path === route.path),
      status: response.status,
      code,
      ms: nowMs() - startedAtMs,
      bytesIn: request.body.length,
      bytesOut: lengthOf(response),
    })
    return response
  }

  async #bytes(
    request: ApiRequest,
    route: LegacyRoute | undefined,
    greets: boolean,
    lease: BodyLease,
  ): Promise<Uint8Array> {
    if (route === undefined && greets && request.method === 'GET') return CBOR_NULL
    if (route === undefined) throw new LegacyError('LEGACY_NOT_FOUND', {})
    if (route.isPublic !== true) {
      refuseUnderPressure(this.#checks.pressure.level(), route, request)
      this.#checks.meter.countRequest(this.#checks.tenant)
    }
    return await route.handle(request, lease)
  }

  /** Counts a large answer until it is sent, so that slow readers cannot make the server keep any number of them. */
  #hold(response: ApiResponse, bytes: number): ApiResponse {
    if (bytes <= SMALL_ANSWER_BYTES) return response
    const lease = this.#bodies.lease(this.#checks.tenant)
    lease.grow(bytes)
    return { ...response, onSent: () => lease.end() }
  }
}

function lengthOf({ body }: ApiResponse): number | undefined {
  return Array.isArray(body) ? body.reduce((sum, piece) => sum + piece.byteLength, 0) : undefined
}
