import { fromUtf8, isMalformedError, parseJson, utf8 } from '@blindai/core'

/** The header that carries the code of an error. */
export const ERROR_CODE_HEADER = 'x-blindai-error'

/** The header that carries the id of a request. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** The body of an error. Source: Open Inference Protocol v2, whose error objects have the member `error`; the rest is ours. */
export interface ErrorBody {
  /** One sentence. */
  readonly error: string
  /** A code of a closed list. */
  readonly code?: string
  /** What to do about it, one sentence. */
  readonly hint?: string
}

/** The longest error text that is kept of an answer. */
const MAX_TEXT_LENGTH = 2000

/** The JSON of an error. */
export function encodeErrorBody({ error, code, hint }: ErrorBody): Uint8Array {
  return utf8(
    JSON.stringify({ error, ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) }),
  )
}

/**
 * The error in a body; undefined when it holds none, for what stands between client and server answers in forms of
 * its own.
 */
export function parseErrorBody(body: Uint8Array): ErrorBody | undefined {
  try {
    const root = parseJson('error', fromUtf8('error', body.subarray(0, 1 << 16)))
    if (typeof root !== 'object' || root === null || !('error' in root)) return undefined
    const { error, code, hint } = root
    if (typeof error !== 'string') return undefined
    return {
      error: error.slice(0, MAX_TEXT_LENGTH),
      ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? { code } : {}),
      ...(typeof hint === 'string' ? { hint: hint.slice(0, MAX_TEXT_LENGTH) } : {}),
    }
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    return undefined
  }
}
