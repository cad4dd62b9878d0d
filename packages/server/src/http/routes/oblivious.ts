import {
  type BinaryResponse,
  type HttpBody,
  MEDIA_TYPES,
  type OhttpGateway,
  type OpenedRequest,
  RequestRefused,
  type SealedResponse,
  type SealResponse,
} from '@blindai/channel'
import type { ApiBody, ApiResponse, Call, SealedRequest } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { BodyLease } from '../body-memory.ts'
import { errorResponse, publicError } from '../error-response.ts'
import { bodyOfBytes, bodyOfPieces } from '../memory-body.ts'
import { header } from '../request-fields.ts'
import type { Route } from '../router.ts'

export interface ObliviousServices {
  readonly gateway: OhttpGateway
  /** Serves the request inside, as if it had come directly. */
  readonly dispatch: (request: SealedRequest) => Promise<ApiResponse>
}

/**
 * Oblivious HTTP: opens the request inside, serves it, seals the answer. An answer to a request that could be opened is
 * sealed whatever it says; only what could not be opened is answered in clear.
 *
 * Source: RFC 9458 section 5.2.
 */
export function obliviousRoutes({ gateway, dispatch }: ObliviousServices): Route[] {
  async function exchange(call: Call): Promise<ApiResponse> {
    const { request, lease } = call
    if (request.channel.kind === 'ohttp') throw new ApiError('NOT_FOUND', {})
    const contentType = header(request.headers, 'content-type') ?? ''
    // A whole request is in memory before it can be opened; of a chunked one only what its route collects.
    const isWhole = contentType === MEDIA_TYPES.whole.request
    try {
      const opened = await gateway.open(contentType, isWhole ? counted(request.body, lease) : request.body)
      const inner = await dispatch(innerRequest(opened, call))
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

/**
 * Counts a whole request while it comes. Nobody knows yet whose it is, and all of them share one bound: until the last byte
 * is there, its memory is offered to later ones, so whoever holds back the end of many keeps nobody out.
 */
async function* counted(body: AsyncIterable<Uint8Array>, lease: BodyLease): AsyncGenerator<Uint8Array> {
  const taken = new AbortController()
  lease.offer((cause) => taken.abort(cause))
  const pieces = body[Symbol.asyncIterator]()
  for (;;) {
    taken.signal.throwIfAborted()
    const next = await nextPiece(pieces, taken.signal)
    if (next.done === true) break
    // Held twice for a moment: as it came, and opened.
    lease.growBody(2 * next.value.byteLength)
    yield next.value
  }
  lease.keep()
}

/** The next piece, or the reason of the signal where that comes first. */
function nextPiece(pieces: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort)
    pieces
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

function innerRequest({ head, admit }: OpenedRequest, { request: { signal }, lease }: Call): SealedRequest {
  const fields: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of head.headers) {
    const former = fields[name]
    fields[name] = former === undefined ? value : [...(typeof former === 'string' ? [former] : former), value]
  }
  const { path } = head
  const question = path.indexOf('?')
  return {
    method: head.method,
    path: question < 0 ? path : path.slice(0, question),
    query: question < 0 ? '' : path.slice(question + 1),
    headers: fields,
    admit: () => {
      const { body } = admit()
      // From here on its tenant answers for it.
      lease.end()
      return bodyOf(body, announcedLength(fields['content-length']))
    },
    signal,
    channel: { kind: 'ohttp' },
  }
}

function bodyOf(body: HttpBody, length: number | undefined): ApiBody {
  return body instanceof Uint8Array ? bodyOfBytes(body) : bodyOfPieces(body, length)
}

/** The gateway has checked that the field, if it is there, is one number. */
function announcedLength(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === 'string' ? Number(value) : undefined
}

function sealed(seal: SealResponse, { status, headers, body, onSent }: ApiResponse): ApiResponse {
  const response: BinaryResponse = {
    status,
    headers: Object.entries(headers),
    body: Symbol.asyncIterator in body ? body : Buffer.concat(body),
  }
  const { contentType, contentLength, body: pieces } = sealOr(() => seal(response), onSent)
  const length: Record<string, string> = contentLength === undefined ? {} : { 'content-length': String(contentLength) }
  const answer = { status: 200, headers: { 'content-type': contentType, ...length }, body: pieces }
  return onSent === undefined ? answer : { ...answer, onSent }
}

/** Seals; an answer that cannot be sealed is never sent, and holds its memory no longer. */
function sealOr(seal: () => SealedResponse, onSent: (() => void) | undefined): SealedResponse {
  try {
    return seal()
  } catch (error) {
    onSent?.()
    throw error
  }
}
