import { type Catalogue, CodedError } from './coded-error.ts'

/** The facts that go with each code of `MalformedError`. `field` uses the specification's own spelling. */
export interface MalformedErrorDetails {
  TRUNCATED: { readonly field: string; readonly needed: number; readonly available: number }
  TRAILING_BYTES: { readonly field: string; readonly count: number }
  GAP_OR_OVERLAP: { readonly field: string; readonly expectedOffset: number; readonly actualOffset: number }
  TOO_LONG: { readonly field: string; readonly length: number; readonly limit: number }
  WRONG_LENGTH: { readonly field: string; readonly expected: number; readonly actual: number }
  NOT_HEX: { readonly field: string; readonly length: number }
  NOT_BASE64URL: { readonly field: string; readonly length: number }
  NOT_UTF8: { readonly field: string; readonly length: number }
  NOT_JSON: { readonly field: string; readonly offset: number; readonly expected: string }
  JSON_TOO_DEEP: { readonly field: string; readonly limit: number }
  DUPLICATE_MEMBER: { readonly field: string; readonly member: string }
  UNKNOWN_MEMBER: { readonly field: string; readonly member: string }
  MISSING_MEMBER: { readonly field: string; readonly member: string }
  WRONG_TYPE: { readonly field: string; readonly expected: string }
  WRONG_VALUE: { readonly field: string; readonly expected: string }
}

/** Messages and hints of `MalformedError`. */
export const MALFORMED_CATALOGUE: Catalogue<MalformedErrorDetails> = {
  TRUNCATED: {
    message: (d) => `${d.field} needs ${d.needed} bytes; ${d.available} are left`,
    hint: 'Check that the whole structure was received.',
  },
  TRAILING_BYTES: {
    message: (d) => `${d.field} is followed by ${d.count} bytes that belong to nothing`,
    hint: 'Pass exactly the bytes of the structure.',
  },
  GAP_OR_OVERLAP: {
    message: (d) => `${d.field} is read at ${d.actualOffset}; the reader stands at ${d.expectedOffset}`,
    hint: 'Correct the parser: its offsets leave a gap or overlap.',
  },
  TOO_LONG: {
    message: (d) => `${d.field} has ${d.length} bytes; at most ${d.limit} are allowed`,
    hint: 'Send less, or check that the length field is right.',
  },
  WRONG_LENGTH: {
    message: (d) => `${d.field} has ${d.actual} bytes; exactly ${d.expected} are required`,
    hint: 'Send a value of the required length.',
  },
  NOT_HEX: {
    message: (d) => `${d.field} is not hexadecimal text`,
    hint: 'Write an even number of the digits 0-9 and a-f.',
  },
  NOT_BASE64URL: {
    message: (d) => `${d.field} is not base64url without padding`,
    hint: 'Encode with the alphabet of RFC 4648 section 5, without "=".',
  },
  NOT_UTF8: {
    message: (d) => `${d.field} is not UTF-8 text`,
    hint: 'Encode text as UTF-8.',
  },
  NOT_JSON: {
    message: (d) => `${d.field} is not JSON at character ${d.offset}: expected ${d.expected}`,
    hint: 'Send JSON as RFC 8259 defines it.',
  },
  JSON_TOO_DEEP: {
    message: (d) => `${d.field} nests deeper than ${d.limit} levels`,
    hint: 'Flatten the value.',
  },
  DUPLICATE_MEMBER: {
    message: (d) => `${d.field} has the member ${d.member} twice`,
    hint: 'Name each member once.',
  },
  UNKNOWN_MEMBER: {
    message: (d) => `${d.field} has the unknown member ${d.member}`,
    hint: 'Remove the member, or check its spelling.',
  },
  MISSING_MEMBER: {
    message: (d) => `${d.field} lacks the member ${d.member}`,
    hint: 'Add the member.',
  },
  WRONG_TYPE: {
    message: (d) => `${d.field} is not ${d.expected}`,
    hint: 'Give a value of the expected type.',
  },
  WRONG_VALUE: {
    message: (d) => `${d.field} is not ${d.expected}`,
    hint: 'Give one of the values that are allowed.',
  },
}

/** Bytes or text that are not what their format says. Thrown by `parse…` functions. */
export class MalformedError<Code extends keyof MalformedErrorDetails = keyof MalformedErrorDetails> extends CodedError<
  MalformedErrorDetails,
  Code
> {
  constructor(code: Code, details: MalformedErrorDetails[Code], options?: ErrorOptions) {
    super('MalformedError', MALFORMED_CATALOGUE, code, details, options)
  }
}

/** `MalformedError` as a union, so that a switch over `code` narrows `details`. */
export type AnyMalformedError = {
  readonly [Code in keyof MalformedErrorDetails]: MalformedError<Code>
}[keyof MalformedErrorDetails]

/** True for a `MalformedError` of any copy of this package. */
export function isMalformedError(error: unknown): error is AnyMalformedError {
  return error instanceof Error && error.name === 'MalformedError' && 'code' in error
}
