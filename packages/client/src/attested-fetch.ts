import { OHTTP_AUTHORITY } from '@blindai/channel'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import type { ApiResponse } from './http-exchange.ts'
import { parseApiPath } from './url.ts'

const REPEATABLE = ['GET', 'HEAD', 'PUT', 'DELETE']
/** What the channel itself says of a request. */
const FORBIDDEN = ['date', 'host', 'content-length', 'connection', 'transfer-encoding', 'expect', 'te', 'upgrade']
/** Statuses whose response has no body. Source: Fetch standard, "null body status". */
const NULL_BODY = [204, 205, 304]

/**
 * `fetch` over the channel: the path stays on the server, the answer may stream, and an error status is an answer. The
 * session's key is added where the caller gives no `authorization`.
 *
 * @throws {BlindAiError} when no answer could be had; the reason of `init.signal`.
 */
export async function attestedFetch(api: EnclaveApi, path: string, init: RequestInit = {}): Promise<Response> {
  const { signal, ...rest } = init
  const request = new Request(`https://${OHTTP_AUTHORITY}${parseApiPath(path)}`, rest)
  const forbidden = FORBIDDEN.find((name) => request.headers.has(name))
  if (forbidden !== undefined) {
    throw new BlindAiError('OPTION_INVALID', { option: `the header ${forbidden}`, expected: 'left to the channel' })
  }
  const body = new Uint8Array(await request.arrayBuffer())
  const { pathname, search } = new URL(request.url)
  const response = await api.open(
    {
      method: request.method,
      path: pathname + search,
      headers: [...request.headers],
      body: body.byteLength === 0 ? [] : [body],
      repeatable: REPEATABLE.includes(request.method),
      streams: true,
    },
    signal ?? undefined,
  )
  return toResponse(request.method, response)
}

async function toResponse(method: string, { status, headers, body }: ApiResponse): Promise<Response> {
  if (method !== 'HEAD' && !NULL_BODY.includes(status)) return new Response(streamOf(body), { status, headers })
  for await (const _ of body) break
  return new Response(null, { status, headers })
}

/** A stream that pulls a chunk when one is wanted, and gives the rest up when it is cancelled. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = body[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next()
      if (next.done === true) controller.close()
      else controller.enqueue(new Uint8Array(next.value))
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}
