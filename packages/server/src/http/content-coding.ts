import { promisify } from 'node:util'
import { constants, createGunzip, createInflate, deflate, type Gunzip, gzip, type Inflate } from 'node:zlib'
import type { ApiHeaders, ApiResponse } from './api.ts'
import { ApiError } from './api-error.ts'
import type { BodyLease } from './body-memory.ts'

/**
 * Content codings of requests and answers.
 *
 * A body that is compressed is as large as its sender says only once it is whole, so what comes out is counted piece by
 * piece, against the limit of the route, the memory of its tenant and a ratio to what went in. Nothing is answered
 * compressed unless the request names the coding: the length of a compressed answer says something of its content, also to
 * whoever sees only the encrypted connection.
 *
 * Source: RFC 9110 section 8.4.1; RFC 1952 (gzip); RFC 1950 (`deflate`, which is the zlib format).
 */
export type ContentCoding = 'gzip' | 'deflate'

/** What `Accept-Encoding` says with a refusal of a coding. Source: RFC 7694 section 3. */
const DECODED = 'gzip, deflate'

/** The names of codings; `x-gzip` is an old one. */
const CODINGS: ReadonlyMap<string, ContentCoding> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
])

/** What bounds the content of one body. */
export interface DecodingLimits {
  /** Bytes, before and after decoding alike. */
  readonly maxBytes: number
  /** Bytes that may come of one, past the first `FREE_BYTES`. */
  readonly maxRatio: number
}

/** What may come of few bytes: a tensor of zeros is no attack. */
const FREE_BYTES = 1024 * 1024

/** Bytes that come out at once. A refusal comes before the next so many. */
const CHUNK_BYTES = 64 * 1024

/**
 * How a body is encoded; undefined for not at all.
 *
 * @param isDecoded - false where the path takes bytes as they are.
 * @throws {ApiError} `CONTENT_ENCODING_UNSUPPORTED`, also for more than one coding.
 */
export function contentCodingOf(headers: ApiHeaders, isDecoded: boolean): ContentCoding | undefined {
  const value = headers['content-encoding']
  if (value === undefined || value === 'identity') return undefined
  const coding = typeof value === 'string' && isDecoded ? CODINGS.get(value.toLowerCase()) : undefined
  if (coding === undefined) {
    throw new ApiError('CONTENT_ENCODING_UNSUPPORTED', { accepted: isDecoded ? DECODED : 'identity' })
  }
  return coding
}

/**
 * The content of an encoded body, in one piece. A body with anything after its end, or without one, is refused.
 *
 * @param onGrow - told how many more bytes will be held, before they are kept; may refuse by throwing.
 * @throws {ApiError} `BODY_TOO_LARGE`, `BODY_EXPANDS_TOO_MUCH`, `BODY_ENCODING_INVALID`; what `pieces` and `onGrow` throw.
 */
export async function decodeBody(
  pieces: AsyncIterable<Uint8Array>,
  coding: ContentCoding,
  { maxBytes, maxRatio }: DecodingLimits,
  onGrow: (bytes: number) => void,
): Promise<Uint8Array> {
  const options = { chunkSize: CHUNK_BYTES, rejectGarbageAfterEnd: true }
  const decoder = coding === 'gzip' ? createGunzip(options) : createInflate(options)
  const chunks: Uint8Array[] = []
  let received = 0
  let decoded = 0
  const ended = Promise.withResolvers<void>()
  // Looked at only once the pieces are at their end, or when a piece waits.
  ended.promise.catch(() => undefined)
  decoder.once('end', ended.resolve)
  decoder.once('error', (cause) => ended.reject(asApiError(cause)))
  decoder.on('data', (chunk: Buffer) => {
    try {
      decoded += chunk.byteLength
      if (decoded > maxBytes) throw new ApiError('BODY_TOO_LARGE', { limit: maxBytes })
      if (decoded > FREE_BYTES && decoded > maxRatio * received) {
        throw new ApiError('BODY_EXPANDS_TOO_MUCH', { limit: maxRatio })
      }
      onGrow(chunk.byteLength)
      chunks.push(chunk)
    } catch (error) {
      decoder.destroy(error instanceof Error ? error : new TypeError('a refusal is an error'))
    }
  })
  try {
    for await (const piece of pieces) {
      received += piece.byteLength
      if (received > maxBytes) throw new ApiError('BODY_TOO_LARGE', { limit: maxBytes })
      await Promise.race([written(decoder, piece), ended.promise])
    }
    decoder.end()
    await ended.promise
  } finally {
    decoder.destroy()
  }
  const [first, ...others] = chunks
  if (first !== undefined && others.length === 0) return first
  // The pieces and the one that they become.
  onGrow(decoded)
  return Buffer.concat(chunks)
}

/**
 * The coding that a client wants an answer in: of those it names, the one that it wants most. `*` names none.
 *
 * Source: RFC 9110 section 12.5.3. What is not well formed asks for nothing.
 */
export function acceptedCoding(headers: ApiHeaders): ContentCoding | undefined {
  const value = headers['accept-encoding']
  if (value === undefined) return undefined
  let best: { readonly coding: ContentCoding; readonly weight: number } | undefined
  for (const item of (typeof value === 'string' ? value : value.join(',')).split(',')) {
    const [, name = '', weight = '1'] = /^\s*([\w-]+)\s*(?:;\s*[qQ]=([01](?:\.[0-9]{0,3})?)\s*)?$/.exec(item) ?? []
    const coding = CODINGS.get(name.toLowerCase())
    if (coding !== undefined && Number(weight) > (best?.weight ?? 0)) best = { coding, weight: Number(weight) }
  }
  return best?.coding
}

const compress = { gzip: promisify(gzip), deflate: promisify(deflate) }

/** An answer of many numbers is to leave soon; the last few percent of its length are not worth the wait. */
const LEVEL = constants.Z_BEST_SPEED

/**
 * An answer as its client wants it. One that is not all in memory, or larger than `maxBytes`, or for which there is no memory
 * beside it now, stays as it is: to prefer a coding is not to need it.
 *
 * @param lease - counts what is held beside the answer meanwhile.
 */
export async function encodeResponse(
  response: ApiResponse,
  requestHeaders: ApiHeaders,
  maxBytes: number,
  lease: BodyLease,
): Promise<ApiResponse> {
  const { body } = response
  const coding = acceptedCoding(requestHeaders)
  const headers = { ...response.headers, vary: 'accept-encoding' }
  if (coding === undefined || Symbol.asyncIterator in body) return { ...response, headers }
  let bytes = 0
  for (const piece of body) bytes += piece.byteLength
  if (bytes === 0 || bytes > maxBytes) return { ...response, headers }
  // The answer in one piece, and what becomes of it. Bodies on their way in need their memory; an answer is there already.
  if (!lease.tryGrow(2 * bytes)) return { ...response, headers }
  const encoded = await compress[coding](Buffer.concat(body), { level: LEVEL })
  return { ...response, headers: { ...headers, 'content-encoding': coding }, body: [encoded] }
}

function written(decoder: Gunzip | Inflate, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => decoder.write(piece, () => resolve()))
}

/** Everything that the decoder says by itself means one thing: these bytes are not what their name says. */
function asApiError(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return cause
  const isDecoders = cause.code.startsWith('Z_') || cause.code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END'
  return isDecoders ? new ApiError('BODY_ENCODING_INVALID', {}, { cause }) : cause
}
