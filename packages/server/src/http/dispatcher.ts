import { randomUUID } from 'node:crypto'
import { REQUEST_ID_HEADER } from '@blindai/protocol'
import type { MemoryPressure } from '../memory-ladder.ts'
import type { Tenant, TenantDirectory, TenantMeter } from '../tenants/index.ts'
import { type ApiRequest, type ApiResponse, type ArrivedRequest, type Call, emptyResponse } from './api.ts'
import { ApiError } from './api-error.ts'
import type { BodyLease, BodyMemory } from './body-memory.ts'
import { type ContentCoding, contentCodingOf, decodeBody, encodeResponse } from './content-coding.ts'
import { errorResponse, type PublicError, publicError } from './error-response.ts'
import { bodyOfBytes } from './memory-body.ts'
import { refuseUnderPressure } from './memory-gate.ts'
import type { OperationLedger } from './operation-ledger.ts'
import { bearerToken, header } from './request-fields.ts'
import type { Access, Route, Router } from './router.ts'

/** What stands between a request and its route. */
export interface DispatcherOptions {
  readonly router: Router
  readonly tenants: TenantDirectory
  readonly meter: TenantMeter
  readonly bodies: BodyMemory
  readonly operations: OperationLedger
  readonly pressure: MemoryPressure
  readonly coding: CodingLimits
  /** Serve TLS clients that do not prove their channel. */
  readonly unattestedClients: boolean
  /** Told of every request that was answered, however; of a stream when it is at its end. */
  readonly onAnswered?: (answered: Answered) => void
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Told of every request that failed; `cause` is for a log that keeps names and codes only. */
  readonly onFailure: (failure: RequestFailure) => void
  /** How an error is said; as JSON unless given. */
  readonly answerError?: (error: PublicError) => ApiResponse
}

/** What bounds the codings of bodies. */
export interface CodingLimits {
  readonly maxDecompressionRatio: number
  readonly maxCompressedAnswerBytes: number
}

/** What may be known of an answered request: nothing that its sender chose. */
export interface Answered {
  readonly requestId: string
  /** Undefined for what no route takes. */
  readonly route: Route | undefined
  /** Of HTTP, over gRPC too. */
  readonly status: number
  /** The code of a refusal. */
  readonly code: string | undefined
  /** From the head of the request to the head of the answer. */
  readonly ms: number
  /** The lengths of the bodies, where they are known before they are sent. */
  readonly bytesIn: number | undefined
  readonly bytesOut: number | undefined
}

export interface RequestFailure {
  readonly requestId: string
  readonly error: PublicError
  readonly cause: unknown
}

/** What a stranger's sealed request has for a body: routes for everybody read none over that channel. */
const NO_BODY = bodyOfBytes(new Uint8Array())

/** Answers up to this many bytes are not counted while they are sent: connections are bounded, too. */
const SMALL_ANSWER_BYTES = 64 * 1024

/** The header of single-use operations. */
const OPERATION_ID_HEADER = 'blindai-operation-id'

const NOBODY: Tenant = { name: '', role: 'caller' }

/**
 * Request in, answer out: channel, key, replay, role, operation id and body length are checked here, before a route sees
 * the request. Never rejects.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** All that there is, in the order of their declaration. */
  get routes(): readonly Route[] {
    return this.#options.router.routes
  }

  async dispatch(arrived: ArrivedRequest): Promise<ApiResponse> {
    const requestId = randomUUID()
    const startedAtMs = this.#options.nowMs()
    let known: Route | undefined
    let error: PublicError | undefined
    let lease: BodyLease | undefined
    let response: ApiResponse
    try {
      const { route, params } = this.#options.router.match(arrived.method, arrived.path)
      known = route
      this.#checkChannel(arrived, route)
      const tenant = this.#tenantOf(arrived, route)
      refuseUnderPressure(this.#options.pressure.level(), route, arrived)
      const coding = contentCodingOf(arrived.headers, route.maxBodyBytes !== 'stream')
      const request = received(arrived, tenant)
      // Only now: a replay by somebody on the way must not use up what the tenant may ask for.
      this.#count(tenant)
      checkRole(tenant, route.access)
      checkBody(request, route)
      if (route.once === true) this.#checkOperation(request, tenant)
      lease = this.#options.bodies.lease(tenant.name)
      const { coding: limits } = this.#options
      const confirm = this.#confirmation(arrived, route, tenant)
      const readBody = confirmed(bodyReader(request, route, lease, coding, limits.maxDecompressionRatio), confirm)
      const readmit = this.#readmission(arrived, route, tenant, confirm)
      response = await route.handle({ request, requestId, params, tenant, readBody, lease, confirm, readmit })
      if (route.compresses === true) {
        response = await encodeResponse(response, request.headers, limits.maxCompressedAnswerBytes, lease)
      }
      lease.end()
      response = this.#hold(response, tenant)
    } catch (cause) {
      error = publicError(cause)
      this.#options.onFailure({ requestId, error, cause })
      response = (this.#options.answerError ?? errorResponse)(error)
    }
    lease?.end()
    const { status } = response
    const bytes = { bytesIn: 'body' in arrived ? arrived.body.length : undefined, bytesOut: lengthOf(response) }
    const ms = this.#options.nowMs() - startedAtMs
    // gRPC says in its trailers how a call ended, and answers all of them with 200.
    const report = (ended: PublicError | undefined): void => {
      const outcome = { status: ended?.status ?? status, code: ended?.code }
      this.#options.onAnswered?.({ requestId, route: known, ...outcome, ms, ...bytes })
    }
    if (response.isDuplex === true) response = reportedAtItsEnd(response, report)
    else report(error)
    if (arrived.method === 'HEAD') {
      response.onSent?.()
      response = headOf(response)
    }
    return { ...response, headers: { ...response.headers, [REQUEST_ID_HEADER]: requestId } }
  }

  #checkChannel({ channel }: ArrivedRequest, route: Route): void {
    if (channel.kind === 'plain' && route.plain !== true) throw new ApiError('NOT_FOUND', {})
    if (channel.kind !== 'tls' || route.access === 'public' || this.#options.unattestedClients) return
    if (!channel.connection.proved) throw new ApiError('CHANNEL_NOT_PROVED', {})
  }

  #tenantOf(request: ArrivedRequest, route: Route): Tenant {
    if (route.access === 'public') return NOBODY
    const token = bearerToken(request.headers)
    const tenant = token === undefined ? undefined : this.#options.tenants.find(token)
    if (tenant === undefined) throw new ApiError('UNAUTHENTICATED', {})
    return tenant
  }

  #count(tenant: Tenant): void {
    if (tenant !== NOBODY) this.#options.meter.countRequest(tenant.name)
  }

  /** That the key of a call is still the key of its tenant, in a role that may call the route. */
  #confirmation(arrived: ArrivedRequest, route: Route, { name }: Tenant): Call['confirm'] {
    const { tenants } = this.#options
    const making = tenants.makingOf(name)
    return () => {
      const now = this.#tenantOf(arrived, route)
      if (now.name !== name || tenants.makingOf(name) !== making) throw new ApiError('UNAUTHENTICATED', {})
      checkRole(now, route.access)
      return now
    }
  }

  #readmission(arrived: ArrivedRequest, route: Route, tenant: Tenant, confirm: Call['confirm']): () => void {
    let isCounted = true
    return () => {
      confirm()
      refuseUnderPressure(this.#options.pressure.level(), route, arrived)
      if (!isCounted) this.#count(tenant)
      isCounted = false
    }
  }

  /** Counts a large answer until it is sent, so that slow readers cannot make the server keep any number of them. */
  #hold(response: ApiResponse, tenant: Tenant): ApiResponse {
    const bytes = lengthOf(response)
    if (bytes === undefined || bytes <= SMALL_ANSWER_BYTES) return response
    const lease = this.#options.bodies.lease(tenant.name)
    lease.growAnswer(bytes)
    return { ...response, onSent: () => lease.end() }
  }

  #checkOperation({ channel, headers }: ApiRequest, tenant: Tenant): void {
    const id = header(headers, OPERATION_ID_HEADER)
    if (id === undefined && channel.kind !== 'ohttp') return
    if (id === undefined || !/^[A-Za-z0-9_-]{16,64}$/.test(id)) throw new ApiError('OPERATION_ID_NEEDED', {})
    this.#options.operations.begin(tenant.name, id)
  }
}

/** How a stream ended is known, and told, when it is at its end. */
function reportedAtItsEnd(response: ApiResponse, report: (ended: PublicError | undefined) => void): ApiResponse {
  const { onSent, failure } = response
  const end = (): void => {
    onSent?.()
    report(failure?.())
  }
  return { ...response, onSent: end }
}

/** Undefined for an answer that is a stream. */
function lengthOf({ body }: ApiResponse): number | undefined {
  if (Symbol.asyncIterator in body) return undefined
  let bytes = 0
  for (const piece of body) bytes += piece.byteLength
  return bytes
}

/**
 * The request with its body. A sealed one is admitted here, once its key was found and before anything comes of it; for
 * nobody it is not, so that strangers leave no trace in what the gateway remembers.
 */
function received(arrived: ArrivedRequest, tenant: Tenant): ApiRequest {
  if ('body' in arrived) return arrived
  const { admit, ...head } = arrived
  return { ...head, body: tenant === NOBODY ? NO_BODY : admit() }
}

/** An answer without its body, whose length is still told. Source: RFC 9110 section 9.3.2. */
function headOf({ status, headers, body }: ApiResponse): ApiResponse {
  if (Symbol.asyncIterator in body) return emptyResponse(status, headers)
  let length = 0
  for (const piece of body) length += piece.byteLength
  return emptyResponse(status, { ...headers, 'content-length': String(length) })
}

function checkRole(tenant: Tenant, access: Access): void {
  if (access === 'admin' && tenant.role !== 'admin') throw new ApiError('FORBIDDEN', { needs: 'admin' })
  if (access === 'owner' && tenant.role === 'caller') throw new ApiError('FORBIDDEN', { needs: 'owner' })
}

/** What can be refused before a byte of the body is read. */
function checkBody({ body }: ApiRequest, { maxBodyBytes }: Route): void {
  if (maxBodyBytes !== 'stream' && body.length !== undefined && body.length > maxBodyBytes) {
    throw new ApiError('BODY_TOO_LARGE', { limit: maxBodyBytes })
  }
}

/** What a body asks for is not done for a key that was given up while it came. */
function confirmed(read: Call['readBody'], confirm: Call['confirm']): Call['readBody'] {
  return async () => {
    const bytes = await read()
    confirm()
    return bytes
  }
}

function bodyReader(
  { body }: ApiRequest,
  { maxBodyBytes }: Route,
  lease: BodyLease,
  coding: ContentCoding | undefined,
  maxRatio: number,
): Call['readBody'] {
  const maxBytes = maxBodyBytes === 'stream' ? 0 : maxBodyBytes
  const onGrow = (bytes: number): void => lease.growBody(bytes)
  return coding === undefined
    ? () => body.collect(maxBytes, onGrow)
    : () => decodeBody(body, coding, { maxBytes, maxRatio }, onGrow)
}
