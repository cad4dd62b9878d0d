import {
  type BinaryRequest,
  type BinaryResponse,
  MEDIA_TYPES,
  type OhttpGateway,
  RequestRefused,
  type SealResponse,
} from '@blindai/channel'
import { concatBytes } from '@blindai/core'
import type { ApiRequest, ApiResponse, Call } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { errorResponse, publicError } from '../error-response.ts'
import { bodyOfBytes, bodyOfPieces } from '../memory-body.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'

export interface ObliviousServices {
  readonly gateway: OhttpGateway
  /** Serves the request inside, as if it had come directly. */
  readonly dispatch: (request: ApiRequest) => Promise<ApiResponse>
}

/**
 * Oblivious HTTP: opens the request inside, serves it, seals the answer. An answer to a request that could be opened is
 * sealed whatever it says; only what could not be opened is answered in clear.
 *
 * Source: RFC 9458 section 5.2.
 */
export function obliviousRoutes({ gateway, dispatch }: ObliviousServices): Route[] {
  async function exchange(call: Call): Promise<ApiResponse> {
    const { request } = call
    if (request.channel.kind === 'ohttp') throw new ApiError('NOT_FOUND', {})
    const contentType = header(request.headers, 'content-type') ?? ''
    // A whole request is in memory until it is answered; of a chunked one only what its route collects.
    const isWhole = contentType === MEDIA_TYPES.whole.request
    const body = isWhole ? counted(request.body, call) : request.body
    try {
      const opened = await gateway.open(contentType, body)
      const inner = await dispatch(innerRequest(opened.request, request.signal))
      return sealed(opened.sealResponse, inner)
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error
      const refusal = errorResponse(publicError(error))
      return sealed((response) => error.sealResponse(response), refusal)
    }
  }

  return [
    {
      method: 'POST',
      path: '/.well-known/blindai/ohttp',
      access: 'public',
      maxBodyBytes: 'stream',
      plain: true,
      handle: exchange,
    },
  ]
}

async function* counted(body: AsyncIterable<Uint8Array>, { lease }: Call): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    // Held twice for a moment: as it came, and opened.
    lease.grow(2 * piece.byteLength)
    yield piece
  }
}

function innerRequest({ method, path, headers, body }: BinaryRequest, signal: AbortSignal): ApiRequest {
  const fields: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of headers) {
    const former = fields[name]
    fields[name] = former === undefined ? value : [...(typeof former === 'string' ? [former] : former), value]
  }
  const question = path.indexOf('?')
  return {
    method,
    path: question < 0 ? path : path.slice(0, question),
    query: question < 0 ? '' : path.slice(question + 1),
    headers: fields,
    body:
      body instanceof Uint8Array ? bodyOfBytes(body) : bodyOfPieces(body, announcedLength(fields['content-length'])),
    signal,
    channel: { kind: 'ohttp' },
  }
}

/** The gateway has checked that the field, if it is there, is one number. */
function announcedLength(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' ? Number(value) : undefined
}

function sealed(seal: SealResponse, { status, headers, body, onSent }: ApiResponse): ApiResponse {
  const response: BinaryResponse = {
    status,
    headers: Object.entries(headers),
    body: Symbol.asyncIterator in body ? body : concatBytes(...body),
  }
  const { contentType, contentLength, body: pieces } = seal(response)
  const length: Record<string, string> = contentLength === undefined ? {} : { 'content-length': String(contentLength) }
  const answer = { status: 200, headers: { 'content-type': contentType, ...length }, body: pieces }
  return onSent === undefined ? answer : { ...answer, onSent }
}
