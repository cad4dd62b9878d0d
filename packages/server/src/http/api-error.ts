import { type Catalogue, CodedError } from '@blindai/core'
import { INFERENCE_CATALOGUE, type InferenceErrorDetails } from '../inference/index.ts'

/** The facts that go with each code of `ApiError`. */
export interface ApiErrorDetails {
  NOT_FOUND: Record<never, never>
  METHOD_NOT_ALLOWED: { readonly allow: string }
  EXTENSION_UNSUPPORTED: { readonly extension: string }
  SERVICE_UNKNOWN: Record<never, never>
  UNAUTHENTICATED: Record<never, never>
  FORBIDDEN: { readonly needs: 'owner' | 'admin' | 'the owner of the model' }
  CHANNEL_NOT_PROVED: Record<never, never>
  CHANNEL_NOT_TLS: Record<never, never>
  PATH_INVALID: Record<never, never>
  PARAMETER_INVALID: InferenceErrorDetails['PARAMETER_INVALID']
  HEADER_INVALID: { readonly header: string; readonly expected: string }
  CONTENT_ENCODING_UNSUPPORTED: { readonly accepted: string }
  BODY_ENCODING_INVALID: Record<never, never>
  BODY_EXPANDS_TOO_MUCH: { readonly limit: number }
  EXPECTATION_UNSUPPORTED: Record<never, never>
  BODY_TOO_LARGE: { readonly limit: number }
  BODY_TOO_LARGE_FOR_MEMORY: { readonly limit: number }
  BODY_TRUNCATED: { readonly received: number }
  BODY_TOO_SLOW: { readonly received: number }
  BODY_MEMORY_FULL: { readonly limit: number; readonly retryAfterSeconds: number }
  TENANT_BODY_MEMORY_FULL: { readonly limit: number; readonly retryAfterSeconds: number }
  MEMORY_LOW: { readonly refused: string; readonly retryAfterSeconds: number }
  REQUEST_MALFORMED: Record<never, never>
  HEADERS_TOO_LARGE: Record<never, never>
  HEADERS_TOO_SLOW: Record<never, never>
  OPERATION_ID_NEEDED: Record<never, never>
  OPERATION_REPLAYED: Record<never, never>
  OPERATION_LIMIT: { readonly limit: number; readonly retryAfterSeconds: number }
  OUTPUT_TOO_LARGE_FOR_JSON: { readonly limit: number }
  OUTPUT_TOO_LARGE_FOR_MEMORY: { readonly limit: number }
  GRPC_EXPECTED: Record<never, never>
  GRPC_ENCODING_UNSUPPORTED: Record<never, never>
  GRPC_COMPRESSION_UNANNOUNCED: Record<never, never>
  GRPC_MESSAGE_INVALID: { readonly expected: string }
  INTERNAL: Record<never, never>
}

/** Messages and hints of `ApiError`. */
export const API_CATALOGUE: Catalogue<ApiErrorDetails> = {
  NOT_FOUND: {
    message: () => 'there is nothing at this path',
    hint: 'Check the path, and whether this listener serves it.',
  },
  METHOD_NOT_ALLOWED: {
    message: (d) => `this path takes ${d.allow}`,
    hint: 'Use a method that the Allow header names.',
  },
  EXTENSION_UNSUPPORTED: {
    message: (d) => `the ${d.extension} extension is not served here`,
    hint: 'Ask for the metadata of the server, which lists the extensions that are.',
  },
  SERVICE_UNKNOWN: {
    message: () => 'there is no service of this name',
    hint: 'Name a service with its package, as list_services of server reflection does, or none for the whole server.',
  },
  UNAUTHENTICATED: {
    message: () => 'the request carries no API key that is known here',
    hint: 'Send the header "Authorization: Bearer" with an API key of this server.',
  },
  FORBIDDEN: {
    message: (d) => `only ${d.needs} may do this`,
    hint: 'Use a key with that role, or ask who has one.',
  },
  CHANNEL_NOT_PROVED: {
    message: () => 'this connection has not been proved to end in the enclave',
    hint: 'Verify the attestation document, then prove the channel on this connection before any other request.',
  },
  CHANNEL_NOT_TLS: {
    message: () => 'only a TLS connection that ends in the enclave can be proved',
    hint: 'Connect to the TLS listener, or use Oblivious HTTP, which needs no proof.',
  },
  PATH_INVALID: {
    message: () => 'the path is not well formed',
    hint: 'Percent-encode the parts of the path as UTF-8.',
  },
  PARAMETER_INVALID: INFERENCE_CATALOGUE.PARAMETER_INVALID,
  HEADER_INVALID: {
    message: (d) => `the header ${d.header} is not ${d.expected}`,
    hint: 'Correct the header.',
  },
  CONTENT_ENCODING_UNSUPPORTED: {
    message: (d) => `the body is encoded in a way that this path does not take; it takes ${d.accepted}`,
    hint: 'Send the body without Content-Encoding, or in one of the codings of Accept-Encoding.',
  },
  BODY_ENCODING_INVALID: {
    message: () => 'the body is not encoded as Content-Encoding says',
    hint: 'Send one whole gzip or zlib stream and nothing after it.',
  },
  BODY_EXPANDS_TOO_MUCH: {
    message: (d) => `the body holds more than ${d.limit} times the bytes that were sent`,
    hint: 'Send the body without Content-Encoding.',
  },
  EXPECTATION_UNSUPPORTED: {
    message: () => 'the request expects something else than 100-continue',
    hint: 'Send the request without an Expect header.',
  },
  BODY_TOO_LARGE: {
    message: (d) => `the body is larger than the ${d.limit} bytes that this path takes`,
    hint: 'Send less, or raise the limit in the configuration.',
  },
  BODY_TOO_LARGE_FOR_MEMORY: {
    message: (d) => `the request needs more than the ${d.limit} bytes that all bodies of one key may take in memory`,
    hint: 'Send less, or send it uncompressed with its length announced, which takes least; or raise the limit in the configuration.',
  },
  BODY_TRUNCATED: {
    message: (d) => `the body ended early, after ${d.received} bytes`,
    hint: 'Send the whole body on one connection.',
  },
  BODY_TOO_SLOW: {
    message: (d) => `only ${d.received} bytes of the body arrived in the time allowed`,
    hint: 'Send the body without pauses, or a large model in parts.',
  },
  BODY_MEMORY_FULL: {
    message: (d) => `bodies in flight take all of the ${d.limit} bytes set aside for them`,
    hint: 'Wait as long as Retry-After says, then send the request again.',
  },
  TENANT_BODY_MEMORY_FULL: {
    message: (d) => `bodies in flight of this key take all of its ${d.limit} bytes`,
    hint: 'Wait as long as Retry-After says, and send fewer requests at once.',
  },
  MEMORY_LOW: {
    message: (d) => `memory is low, and the server takes no ${d.refused} for now`,
    hint: 'Wait as long as Retry-After says, then send the request again.',
  },
  REQUEST_MALFORMED: {
    message: () => 'what arrived is no HTTP request',
    hint: 'Send HTTP/1.1 or HTTP/2.',
  },
  HEADERS_TOO_LARGE: {
    message: () => 'the header section is larger than this server takes',
    hint: 'Send fewer and shorter header fields.',
  },
  HEADERS_TOO_SLOW: {
    message: () => 'the request did not arrive in the time allowed',
    hint: 'Send the request without pauses.',
  },
  OPERATION_ID_NEEDED: {
    message: () => 'over Oblivious HTTP this request needs an operation id',
    hint: 'Send the header Blindai-Operation-Id with a fresh random value of 16 to 64 letters, digits, "-" and "_".',
  },
  OPERATION_REPLAYED: {
    message: () => 'an operation with this id was already begun',
    hint: 'Use a fresh operation id for each request.',
  },
  OPERATION_LIMIT: {
    message: (d) => `${d.limit} operations of this key are remembered, as many as may be`,
    hint: 'Wait as long as Retry-After says, or use attested TLS, which needs no operation ids.',
  },
  OUTPUT_TOO_LARGE_FOR_JSON: {
    message: (d) => `the outputs are larger than the ${d.limit} bytes that are written as JSON`,
    hint: 'Ask for the outputs as binary data.',
  },
  OUTPUT_TOO_LARGE_FOR_MEMORY: {
    message: (d) =>
      `the answer needs more than the ${d.limit} bytes that bodies and answers of one key may take in memory`,
    hint: 'Ask for fewer outputs, or as binary data, or of less input; or raise the limit in the configuration.',
  },
  GRPC_EXPECTED: {
    message: () => 'this path takes gRPC: application/grpc over HTTP/2',
    hint: 'Use a gRPC client on the TLS listener, or the paths under /v2 for HTTP.',
  },
  GRPC_ENCODING_UNSUPPORTED: {
    message: () => 'the messages are compressed in a way that is not taken here',
    hint: 'Use one of the encodings that grpc-accept-encoding of the answer names, or none.',
  },
  GRPC_COMPRESSION_UNANNOUNCED: {
    message: () => 'a gRPC message says that it is compressed, and no compression was announced',
    hint: 'Name the compression in grpc-encoding, or send messages uncompressed.',
  },
  GRPC_MESSAGE_INVALID: {
    message: (d) => `the body of the call is not ${d.expected}`,
    hint: 'Send each message with its five bytes of flag and length, as many of them as the method takes.',
  },
  INTERNAL: {
    message: () => 'the server failed at this request',
    hint: 'Report the request id to the operator.',
  },
}

/** A request that the HTTP interface does not accept. */
export class ApiError<Code extends keyof ApiErrorDetails = keyof ApiErrorDetails> extends CodedError<
  ApiErrorDetails,
  Code
> {
  constructor(code: Code, details: ApiErrorDetails[Code], options?: ErrorOptions) {
    super('ApiError', API_CATALOGUE, code, details, options)
  }
}
