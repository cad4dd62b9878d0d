import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `ChannelError`. Never a byte of a message or a key. */
export interface ChannelErrorDetails {
  BINARY_HTTP_MALFORMED: { readonly field: string; readonly expected: string }
  PADDING_INVALID: { readonly offset: number }
  TOO_LARGE: { readonly field: string; readonly limit: number }
  KEY_CONFIG_MALFORMED: { readonly field: string; readonly expected: string }
  KEY_ID_UNKNOWN: { readonly keyId: number }
  SUITE_UNSUPPORTED: { readonly kem: number; readonly kdf: number; readonly aead: number }
  NO_COMMON_SUITE: { readonly configs: number }
  POST_QUANTUM_REQUIRED: { readonly missing: 'key configuration' | 'runtime' | 'request' }
  MEDIA_TYPE_UNSUPPORTED: { readonly expected: string }
  DECRYPT_FAILED: { readonly message: 'request' | 'response'; readonly chunk: number }
  STREAM_TRUNCATED: { readonly message: 'request' | 'response'; readonly received: number }
  TARGET_REFUSED: { readonly field: string; readonly expected: string }
  DATE_INVALID: { readonly expected: string }
  DATE_OUTSIDE_WINDOW: { readonly date: number; readonly now: number; readonly windowSeconds: number }
  REPLAYED: { readonly now: number }
  REPLAY_SET_FULL: { readonly capacity: number }
}

/** Messages and hints of `ChannelError`. */
export const CHANNEL_CATALOGUE: Catalogue<ChannelErrorDetails> = {
  BINARY_HTTP_MALFORMED: {
    message: (d) => `${d.field} of the binary HTTP message is not ${d.expected}`,
    hint: 'Send a message as RFC 9292 defines it, without trailers and connection fields.',
  },
  PADDING_INVALID: {
    message: (d) => `the padding has a byte other than zero at offset ${d.offset}`,
    hint: 'Put only zero bytes after the binary HTTP message.',
  },
  TOO_LARGE: {
    message: (d) => `${d.field} is larger than ${d.limit}`,
    hint: 'Send less, or send it in parts.',
  },
  KEY_CONFIG_MALFORMED: {
    message: (d) => `${d.field} of the key configuration list is not ${d.expected}`,
    hint: 'Take the list from an attestation document that was verified.',
  },
  KEY_ID_UNKNOWN: {
    message: (d) => `no key has the identifier ${d.keyId}`,
    hint: 'Attest again: the enclave has other keys now.',
  },
  SUITE_UNSUPPORTED: {
    message: (d) => `the key does not offer KEM ${d.kem} with KDF ${d.kdf} and AEAD ${d.aead}`,
    hint: 'Use a suite that the key configuration lists.',
  },
  NO_COMMON_SUITE: {
    message: (d) => `none of the ${d.configs} key configurations has a suite that this runtime supports`,
    hint: 'Use a runtime with X25519 in WebCrypto, in a secure context.',
  },
  POST_QUANTUM_REQUIRED: {
    message: (d) => `a post-quantum suite is required and the ${d.missing} has none`,
    hint: 'Use a runtime and a server with MLKEM768-X25519, or stop requiring it.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    message: (d) => `the media type is not ${d.expected}`,
    hint: 'Send the media type of an encapsulated message, without parameters.',
  },
  DECRYPT_FAILED: {
    message: (d) => `chunk ${d.chunk} of the ${d.message} does not open under its key`,
    hint: 'Attest again and send the request anew; the keys changed or the message was altered.',
  },
  STREAM_TRUNCATED: {
    message: (d) => `the ${d.message} ends after ${d.received} bytes, before its final chunk`,
    hint: 'Discard what arrived and send the request anew.',
  },
  TARGET_REFUSED: {
    message: (d) => `${d.field} of the request is not ${d.expected}`,
    hint: 'Build requests for the origin of this package, without Host and Expect.',
  },
  DATE_INVALID: {
    message: (d) => `the request does not carry ${d.expected}`,
    hint: 'Send one Date field as RFC 9110 section 5.6.7 prefers it.',
  },
  DATE_OUTSIDE_WINDOW: {
    message: (d) =>
      `the request is dated ${d.date}; now is ${d.now}, and ${d.windowSeconds} seconds of difference are allowed`,
    hint: 'Set the clock of the client.',
  },
  REPLAYED: {
    message: () => 'this encapsulated request was received before',
    hint: 'Encapsulate the request anew for every attempt.',
  },
  REPLAY_SET_FULL: {
    message: (d) => `${d.capacity} requests were received within the date window; none can be forgotten yet`,
    hint: 'Try again in a few seconds.',
  },
}

/** What goes wrong between an endpoint and the message it seals or opens. */
export class ChannelError<Code extends keyof ChannelErrorDetails = keyof ChannelErrorDetails> extends CodedError<
  ChannelErrorDetails,
  Code
> {
  constructor(code: Code, details: ChannelErrorDetails[Code], options?: ErrorOptions) {
    super('ChannelError', CHANNEL_CATALOGUE, code, details, options)
  }
}

/** `ChannelError` as a union, so that a switch over `code` narrows `details`. */
export type AnyChannelError = {
  readonly [Code in keyof ChannelErrorDetails]: ChannelError<Code>
}[keyof ChannelErrorDetails]

/** True for a `ChannelError` of any copy of this package. */
export function isChannelError(error: unknown): error is AnyChannelError {
  return error instanceof Error && error.name === 'ChannelError' && 'code' in error
}
