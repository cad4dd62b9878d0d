import { randomUUID } from 'node:crypto'
import { REQUEST_ID_HEADER } from '@blindai/protocol'
import type { ApiRequest, ApiResponse, Duplex, RequestChannel } from './api.ts'
import { ApiError } from './api-error.ts'
import { errorResponse, publicError } from './error-response.ts'
import { cut, discardBody, drained, type NodeRequest, type NodeResponse } from './exchange.ts'
import { NodeBody } from './node-body.ts'
import { sendDuplex } from './send-duplex.ts'
import type { SlowWatch } from './slow-watch.ts'

export interface AdapterOptions {
  readonly dispatch: (request: ApiRequest) => Promise<ApiResponse>
  readonly channelOf: (request: NodeRequest) => RequestChannel
  readonly slow: SlowWatch
  readonly maxHeaderFields: number
  readonly maxHeaderBytes: number
  /** Added to every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Answers a request that never reaches the routes, as a preflight. */
  readonly answerFirst?: (request: NodeRequest) => ApiResponse | undefined
  /** While true, connections are asked to end. */
  readonly isDraining: () => boolean
  /** Told when an answer that had begun could not be finished. */
  readonly onCut: (cause: unknown) => void
}

/** Answers are never stored, and never taken for something else. */
const EVERY_ANSWER = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** Pieces up to this many bytes together are joined: one write costs less than several. */
const JOIN_BYTES = 16 * 1024

/** `:method`, `:scheme`, `:authority` and `:path` count among the fields of h2. */
const PSEUDO_FIELDS = 4

/** Node drops fields past its bound in silence: it gets a bound that is higher, so that ours can refuse. */
export function headerCapacity(maxHeaderFields: number): number {
  return maxHeaderFields + PSEUDO_FIELDS + 1
}

/** Serves one request of Node's. Never rejects. */
export async function serve(options: AdapterOptions, request: NodeRequest, response: NodeResponse): Promise<void> {
  const gone = new AbortController()
  const onClose = (): void => {
    if (!response.writableEnded) gone.abort()
  }
  response.on('close', onClose)
  // A broken connection shows as `close`; its error says nothing more.
  response.on('error', onClose)
  request.on('error', onClose)
  const whole = options.slow.begin('none', () => cut(request))
  response.once('close', whole.done)
  const body = new NodeBody(request, response, options.slow)
  const answer = options.answerFirst?.(request) ?? (await dispatch(options, request, body, gone.signal))
  body.release()
  const onSent = answer.onSent ?? ignore
  if (gone.signal.aborted) {
    onSent()
    return
  }
  if (answer.isDuplex === true) {
    await sendDuplex(
      request,
      response,
      { ...answer, headers: { ...EVERY_ANSWER, ...answer.headers } },
      gone.signal,
      options,
    )
    return
  }
  const transfer = options.slow.begin('saved', () => cut(request))
  response.once('close', () => {
    transfer.done()
    onSent()
  })
  try {
    const headers: Record<string, string> = { ...EVERY_ANSWER, ...options.headers, ...answer.headers }
    // After a body that was announced and never sent, nobody could tell where the next request begins.
    const isLast = options.isDraining() || body.isWithheld
    if (isLast && request.httpVersionMajor === 1) headers.connection = 'close'
    discardBody(request, response)
    if (Symbol.asyncIterator in answer.body) {
      response.writeHead(answer.status, headers)
      await sendStream(response, answer.body, gone.signal, transfer.moved)
    } else {
      transfer.moved(sendPieces(response, answer, headers, answer.body))
    }
  } catch (cause) {
    // A stream that fails is cut, not ended: its reader must not take it for the whole.
    cut(request)
    options.onCut(cause)
  }
}

async function dispatch(
  options: AdapterOptions,
  request: NodeRequest,
  body: NodeBody,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const { expect } = request.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return refusal('EXPECTATION_UNSUPPORTED')
  if (request.rawHeaders.length > 2 * (options.maxHeaderFields + PSEUDO_FIELDS)) return refusal('HEADERS_TOO_LARGE')
  if (request.httpVersionMajor > 1 && charactersOf(request.rawHeaders) > options.maxHeaderBytes) {
    return refusal('HEADERS_TOO_LARGE')
  }
  const url = request.url ?? ''
  const question = url.indexOf('?')
  return options.dispatch({
    method: request.method ?? '',
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    headers: request.headers,
    body,
    signal,
    channel: options.channelOf(request),
    ...(request.httpVersionMajor === 2 ? { duplex: duplexOf(request, options.slow) } : {}),
  })
}

/** Over h2 Node only announces its bound, and takes four times as much. */
function charactersOf(texts: readonly string[]): number {
  let characters = 0
  for (const text of texts) characters += text.length
  return characters
}

function duplexOf(request: NodeRequest, slow: SlowWatch): Duplex {
  return {
    pieces: () => request.iterator({ destroyOnReturn: false }),
    watch: (onSlow) => slow.begin('spent', onSlow),
  }
}

/** For what is refused before the dispatcher sees it. */
function refusal(code: 'EXPECTATION_UNSUPPORTED' | 'HEADERS_TOO_LARGE'): ApiResponse {
  const response = errorResponse(publicError(new ApiError(code, {})))
  return { ...response, headers: { ...response.headers, [REQUEST_ID_HEADER]: randomUUID() } }
}

function ignore(): void {
  // Small answers hold nothing that is to be given back.
}

function sendPieces(
  response: NodeResponse,
  { status, trailers }: ApiResponse,
  headers: Record<string, string>,
  pieces: readonly Uint8Array[],
): number {
  let length = 0
  for (const piece of pieces) length += piece.byteLength
  if (status !== 204 && trailers === undefined) headers['content-length'] ??= String(length)
  response.writeHead(status, headers)
  if (trailers !== undefined) response.addTrailers(trailers())
  const [first, ...others] = pieces
  if (others.length === 0) {
    if (first === undefined) response.end()
    else response.end(first)
  } else if (length <= JOIN_BYTES) {
    response.end(Buffer.concat(pieces))
  } else {
    for (const piece of pieces) response.write(piece)
    response.end()
  }
  return length
}

async function sendStream(
  response: NodeResponse,
  pieces: AsyncIterable<Uint8Array>,
  gone: AbortSignal,
  moved: (bytes: number) => void,
): Promise<void> {
  for await (const piece of pieces) {
    if (gone.aborted) return
    moved(piece.byteLength)
    if (!response.write(piece)) await drained(response, gone)
  }
  response.end()
}
