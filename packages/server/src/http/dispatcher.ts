import { randomUUID } from 'node:crypto'
import { REQUEST_ID_HEADER } from '@blindai/protocol'
import type { Tenant, TenantDirectory } from '../tenants/index.ts'
import { type ApiRequest, type ApiResponse, type ArrivedRequest, type Call, emptyResponse } from './api.ts'
import { ApiError } from './api-error.ts'
import type { BodyLease, BodyMemory } from './body-memory.ts'
import { type ContentCoding, contentCodingOf, decodeBody, encodeResponse } from './content-coding.ts'
import { errorResponse, type PublicError, publicError } from './error-response.ts'
import { bodyOfBytes } from './memory-body.ts'
import type { OperationLedger } from './operation-ledger.ts'
import { bearerToken, header } from './request-fields.ts'
import type { Access, Route, Router } from './router.ts'

/** What stands between a request and its route. */
export interface DispatcherOptions {
  readonly router: Router
  readonly tenants: TenantDirectory
  readonly bodies: BodyMemory
  readonly operations: OperationLedger
  readonly coding: CodingLimits
  /** Serve TLS clients that do not prove their channel. */
  readonly unattestedClients: boolean
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

  /** All routes, as the description of the interface must have them. */
  get routes(): readonly Route[] {
    return this.#options.router.routes
  }

  async dispatch(arrived: ArrivedRequest): Promise<ApiResponse> {
    const requestId = randomUUID()
    let lease: BodyLease | undefined
    let response: ApiResponse
    try {
      const { route, params } = this.#options.router.match(arrived.method, arrived.path)
      this.#checkChannel(arrived, route)
      const tenant = route.access === 'public' ? NOBODY : this.#authenticate(arrived)
      const coding = contentCodingOf(arrived.headers, route.maxBodyBytes !== 'stream')
      const request = received(arrived, tenant)
      checkRole(tenant, route.access)
      checkBody(request, route)
      if (route.once === true) this.#checkOperation(request, tenant)
      lease = this.#options.bodies.lease(tenant.name)
      const { coding: limits } = this.#options
      const readBody = bodyReader(request, route, lease, coding, limits.maxDecompressionRatio)
      response = await route.handle({ request, requestId, params, tenant, readBody, lease })
      if (route.compresses === true) {
        response = await encodeResponse(response, request.headers, limits.maxCompressedAnswerBytes, lease)
      }
      lease.end()
      response = this.#hold(response, tenant)
    } catch (cause) {
      const error = publicError(cause)
      this.#options.onFailure({ requestId, error, cause })
      response = (this.#options.answerError ?? errorResponse)(error)
    }
    lease?.end()
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

  #authenticate(request: ArrivedRequest): Tenant {
    const token = bearerToken(request.headers)
    const tenant = token === undefined ? undefined : this.#options.tenants.find(token)
    if (tenant === undefined) throw new ApiError('UNAUTHENTICATED', {})
    return tenant
  }

  /** Counts a large answer until it is sent, so that slow readers cannot make the server keep any number of them. */
  #hold(response: ApiResponse, tenant: Tenant): ApiResponse {
    if (Symbol.asyncIterator in response.body) return response
    let bytes = 0
    for (const piece of response.body) bytes += piece.byteLength
    if (bytes <= SMALL_ANSWER_BYTES) return response
    const lease = this.#options.bodies.lease(tenant.name)
    lease.grow(bytes)
    return { ...response, onSent: () => lease.end() }
  }

  #checkOperation({ channel, headers }: ApiRequest, tenant: Tenant): void {
    const id = header(headers, OPERATION_ID_HEADER)
    if (id === undefined && channel.kind !== 'ohttp') return
    if (id === undefined || !/^[A-Za-z0-9_-]{16,64}$/.test(id)) throw new ApiError('OPERATION_ID_NEEDED', {})
    this.#options.operations.begin(tenant.name, id)
  }
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

function bodyReader(
  { body }: ApiRequest,
  { maxBodyBytes }: Route,
  lease: BodyLease,
  coding: ContentCoding | undefined,
  maxRatio: number,
): Call['readBody'] {
  const maxBytes = maxBodyBytes === 'stream' ? 0 : maxBodyBytes
  const onGrow = (bytes: number): void => lease.grow(bytes)
  return coding === undefined
    ? () => body.collect(maxBytes, onGrow)
    : () => decodeBody(body, coding, { maxBytes, maxRatio }, onGrow)
}
