import { BlindAiError, isBlindAiError } from './errors.ts'

/** What leaves outside a channel: the question for evidence, and sealed messages. */

/** One request outside the channel: no cookies, no cache, no redirect. @throws {BlindAiError} `CONNECTION_FAILED`. */
export async function openFetch(
  fetcher: typeof fetch,
  url: URL,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  try {
    return await fetcher(url, {
      ...init,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    })
  } catch (cause) {
    throw networkError(cause, init.signal, (reason) => new BlindAiError('CONNECTION_FAILED', { reason }, { cause }))
  }
}

/**
 * The body as it comes; given up where its reader stops.
 *
 * @param signal - the one that the request was sent with.
 * @throws {BlindAiError} `CONNECTION_LOST`; the signal's reason.
 */
export async function* chunksOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let isOver = false
  try {
    while (!isOver) {
      const { done, value } = await reader.read()
      isOver = done
      if (value !== undefined) yield value
    }
  } catch (cause) {
    isOver = true
    throw networkError(cause, signal, () => new BlindAiError('CONNECTION_LOST', { what: 'an answer' }, { cause }))
  } finally {
    if (!isOver) await reader.cancel()
  }
}

/** What `fetch` threw, by name: an abort stays as it is, the rest is the network's. */
function networkError(cause: unknown, signal: AbortSignal, wrap: (reason: string) => BlindAiError): unknown {
  if (signal.aborted) return signal.reason
  if (isBlindAiError(cause) || (cause instanceof Error && cause.name === 'AbortError')) return cause
  return wrap(reasonOf(cause))
}

/** A code of the platform, such as ECONNREFUSED, where it tells one. */
function reasonOf(error: unknown): string {
  const candidates = [error, error instanceof Error ? error.cause : undefined]
  for (const candidate of candidates) {
    if (candidate instanceof Error && 'code' in candidate && typeof candidate.code === 'string') return candidate.code
  }
  return 'the network does not say why'
}
