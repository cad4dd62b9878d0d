import type { Refusals } from './target.ts'

/** What several parsers document together. Each target says which of these are its own. */

/** Text that is not UTF-8. */
export const TEXT: Refusals = { MalformedError: ['NOT_UTF8'] }

/** `parseJson` of `core`. */
export const JSON_TEXT: Refusals = { MalformedError: ['NOT_JSON', 'JSON_TOO_DEEP', 'DUPLICATE_MEMBER'] }

/** Readers of JSON objects in `verifier`. */
export const MEMBERS: Refusals = {
  MalformedError: ['MISSING_MEMBER', 'WRONG_TYPE', 'WRONG_VALUE', 'TOO_LONG', 'NOT_HEX', 'WRONG_LENGTH'],
}

/** `parseCbor`. */
export const CBOR: Refusals = {
  MalformedError: ['TRUNCATED', 'TRAILING_BYTES', 'DUPLICATE_MEMBER', 'NOT_UTF8'],
  VerifierError: ['NOT_CBOR', 'CBOR_TOO_DEEP'],
}

/** `parseCertificate`. */
export const CERTIFICATE: Refusals = {
  MalformedError: ['NOT_UTF8', 'WRONG_VALUE'],
  VerifierError: [
    ...['NOT_DER', 'UNSUPPORTED_ALGORITHM', 'UNSUPPORTED_VALUE', 'DUPLICATE_EXTENSION', 'CRITICAL_EXTENSION_UNKNOWN'],
    ...['PUBLIC_KEY_INVALID', 'UNKNOWN_VERSION'],
  ],
}

/** Readers of inference and task messages. */
export const PROTOCOL: Refusals = {
  MalformedError: [
    ...['NOT_UTF8', 'NOT_JSON', 'DUPLICATE_MEMBER', 'MISSING_MEMBER', 'WRONG_TYPE', 'TOO_LONG', 'TRUNCATED'],
    ...['TRAILING_BYTES'],
  ],
  ProtocolError: [
    ...['USE_BINARY', 'DATATYPE_UNKNOWN', 'SHAPE_INVALID', 'SHAPE_MISMATCH', 'TENSOR_TOO_LARGE', 'TOO_MANY_ITEMS'],
    ...['VALUE_TYPE_MISMATCH', 'VALUE_OUT_OF_RANGE', 'BINARY_SIZE_MISMATCH', 'BYTES_MALFORMED', 'DUPLICATE_TENSOR'],
    ...['DATA_AMBIGUOUS', 'HEADER_LENGTH_INVALID', 'SHARED_MEMORY_UNSUPPORTED'],
  ],
}

/** Readers of Binary HTTP. */
export const BINARY_HTTP: Refusals = {
  ChannelError: ['BINARY_HTTP_MALFORMED', 'PADDING_INVALID', 'TOO_LARGE', 'TARGET_REFUSED'],
}

/** Readers of TPM structures: quotes, public areas, signatures. */
export const TPM: Refusals = {
  MalformedError: ['TRUNCATED', 'TRAILING_BYTES', 'TOO_LONG'],
  VerifierError: ['UNSUPPORTED_ALGORITHM'],
}

/** `parseTpmPublic`, also in its sized form. */
export const TPM_PUBLIC: Refusals = {
  MalformedError: ['WRONG_LENGTH'],
  VerifierError: ['UNSUPPORTED_VALUE', 'PUBLIC_KEY_INVALID'],
}
