import { type AnyChannelError, isChannelError } from '@blindai/channel'
import { isMalformedError } from '@blindai/core'
import { BlindAiError } from './errors.ts'

/** Runs what seals a request. @throws {BlindAiError} for each error of the channel. */
export async function sealing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw isChannelError(cause) ? sealingError(cause) : cause
  }
}

/** Runs what opens an answer. @throws {BlindAiError} for each error of the channel. */
export async function opening<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw isChannelError(cause) ? openingError(cause) : cause
  }
}

/** Runs what parses what the enclave said of itself. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function parsing<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!isChannelError(cause) && !isMalformedError(cause)) throw cause
    throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: cause.message }, { cause })
  }
}

/** A body whose chunks are opened as they come. Its iteration throws as `opening`. */
export async function* openingBody(
  body: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) {
    yield body
    return
  }
  try {
    yield* body
  } catch (cause) {
    throw isChannelError(cause) ? openingError(cause) : cause
  }
}

function sealingError(cause: AnyChannelError): BlindAiError {
  const reason = cause.message
  switch (cause.code) {
    case 'POST_QUANTUM_REQUIRED':
      return new BlindAiError('POST_QUANTUM_UNAVAILABLE', { reason }, { cause })
    case 'NO_COMMON_SUITE':
      return new BlindAiError('TRANSPORT_UNAVAILABLE', { transport: 'ohttp', reason }, { cause })
    case 'KEY_CONFIG_MALFORMED':
      return new BlindAiError('RESPONSE_MALFORMED', { what: 'the keyset', reason }, { cause })
    default:
      return new BlindAiError('OPTION_INVALID', { option: 'the request', expected: reason }, { cause })
  }
}

function openingError(cause: AnyChannelError): BlindAiError {
  switch (cause.code) {
    case 'STREAM_TRUNCATED':
      return new BlindAiError('RESPONSE_TRUNCATED', { what: 'the sealed answer' }, { cause })
    case 'DECRYPT_FAILED':
      return new BlindAiError('RESPONSE_NOT_AUTHENTIC', { reason: cause.message }, { cause })
    case 'TOO_LARGE':
      return new BlindAiError(
        'RESPONSE_TOO_LARGE',
        { what: cause.details.field, limit: cause.details.limit },
        { cause },
      )
    default:
      return new BlindAiError('RESPONSE_MALFORMED', { what: 'the sealed answer', reason: cause.message }, { cause })
  }
}
