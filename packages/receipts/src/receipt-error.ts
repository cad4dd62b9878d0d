import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `ReceiptError`. */
export interface ReceiptErrorDetails {
  RECEIPT_FORM_INVALID: { readonly part: string; readonly expected: string }
  RECEIPT_HEADER_UNSUPPORTED: { readonly expected: string }
  RECEIPT_SIGNATURE_INVALID: { readonly statementSha256: string }
  RECEIPT_OTHER_STATEMENT: { readonly expected: string; readonly actual: string }
  RECEIPT_BEFORE_KEYSET: { readonly hostTime: number; readonly notBefore: number }
  RECEIPT_AFTER_KEYSET: { readonly hostTime: number; readonly notAfter: number }
  RECEIPT_OTHER_OPERATION: { readonly expected: string; readonly actual: string }
  RECEIPT_OTHER_MODEL: { readonly expected: string; readonly actual: string }
  RECEIPT_OTHER_TASK: { readonly expected: string; readonly actual: string }
  RECEIPT_SALT_MISSING: { readonly body: 'request' | 'response' }
  RECEIPT_BODY_NOT_COVERED: { readonly body: 'request' | 'response' }
  RECEIPT_REQUEST_MISMATCH: { readonly bytes: number }
  RECEIPT_RESPONSE_MISMATCH: { readonly bytes: number }
  RECEIPT_BODY_LENGTH_MISMATCH: {
    readonly body: 'request' | 'response'
    readonly expected: number
    readonly actual: number
  }
  RECEIPT_MESSAGES_MISMATCH: {
    readonly body: 'request' | 'response'
    /** Undefined for a body that is no stream. */
    readonly expected: number | undefined
    readonly actual: number | undefined
  }
  RECEIPT_STREAM_INVALID: { readonly at: number }
  RECEIPT_SEQUENCE_REPLAYED: { readonly sequence: number }
  RECEIPT_LOG_FULL: { readonly limit: number }
}

/** Messages and hints of `ReceiptError`. */
export const RECEIPT_CATALOGUE: Catalogue<ReceiptErrorDetails> = {
  RECEIPT_FORM_INVALID: {
    message: (d) => `the ${d.part} of the receipt is not ${d.expected}`,
    hint: 'Pass the receipt as the server gave it.',
  },
  RECEIPT_HEADER_UNSUPPORTED: {
    message: (d) => `the header of the receipt is not ${d.expected}`,
    hint: 'Pass a receipt of this system, or update this software.',
  },
  RECEIPT_SIGNATURE_INVALID: {
    message: (d) => `the receipt is not signed by the receipts key of the statement ${d.statementSha256}`,
    hint: 'Treat the receipt as forged, unless it belongs to another document.',
  },
  RECEIPT_OTHER_STATEMENT: {
    message: (d) => `the receipt is of the statement ${d.actual}, not of ${d.expected}`,
    hint: 'Pass the attestation document of the boot that gave the receipt.',
  },
  RECEIPT_BEFORE_KEYSET: {
    message: (d) => `the receipt says ${d.hostTime}; the keys are valid from ${d.notBefore}`,
    hint: 'Treat the receipt as forged, or the clock of the host as wrong.',
  },
  RECEIPT_AFTER_KEYSET: {
    message: (d) => `the receipt says ${d.hostTime}; the keys were valid until ${d.notAfter}`,
    hint: 'Treat the receipt as forged, or the clock of the host as wrong.',
  },
  RECEIPT_OTHER_OPERATION: {
    message: (d) => `the receipt is of the operation ${d.actual}, not of ${d.expected}`,
    hint: 'Pass the receipt of the operation that is to be shown.',
  },
  RECEIPT_OTHER_MODEL: {
    message: (d) => `the receipt is of the model ${d.actual}, not of ${d.expected}`,
    hint: 'Pass the digest of the model that ran, or the receipt of the other run.',
  },
  RECEIPT_OTHER_TASK: {
    message: (d) => `the receipt is of the task ${d.actual}, not of ${d.expected}`,
    hint: 'Pass the receipt of the other run.',
  },
  RECEIPT_SALT_MISSING: {
    message: (d) => `the ${d.body} cannot be compared without the salt of the receipt`,
    hint: 'Pass the salt that the caller got beside the receipt.',
  },
  RECEIPT_BODY_NOT_COVERED: {
    message: (d) => `the receipt says nothing of the ${d.body}`,
    hint: 'Only receipts of runs cover bodies.',
  },
  RECEIPT_REQUEST_MISMATCH: {
    message: (d) => `the receipt is of another request than this one of ${d.bytes} bytes`,
    hint: 'Pass the body as it was sent, to the byte, and the salt of this receipt.',
  },
  RECEIPT_RESPONSE_MISMATCH: {
    message: (d) => `the receipt is of another answer than this one of ${d.bytes} bytes`,
    hint: 'Pass the body as it was received, to the byte, and the salt of this receipt.',
  },
  RECEIPT_BODY_LENGTH_MISMATCH: {
    message: (d) => `the ${d.body} has ${d.actual} bytes; the receipt is of one with ${d.expected}`,
    hint: 'Pass the body as it was on the wire, whole.',
  },
  RECEIPT_MESSAGES_MISMATCH: {
    message: (d) => `the ${d.body} is ${streamText(d.actual)}; the receipt is of ${streamText(d.expected)}`,
    hint: 'Pass every message of the stream, as it was sent or received, in its order.',
  },
  RECEIPT_STREAM_INVALID: {
    message: (d) => `there is no whole message, uncompressed and behind its prefix, at byte ${d.at} of the stream`,
    hint: 'Pass the messages one after the other, each behind a zero and its length in four bytes.',
  },
  RECEIPT_SEQUENCE_REPLAYED: {
    message: (d) => `there is another receipt with the sequence number ${d.sequence}`,
    hint: 'Count each receipt once; two different ones with one number mean a forged statement or a broken server.',
  },
  RECEIPT_LOG_FULL: {
    message: (d) => `${d.limit} receipts are remembered, and no more fit`,
    hint: 'Begin a new log.',
  },
}

function streamText(messages: number | undefined): string {
  return messages === undefined ? 'one body' : `a stream of ${messages} ${messages === 1 ? 'message' : 'messages'}`
}

/** A receipt that cannot be read, or does not show what it was to show. */
export class ReceiptError<Code extends keyof ReceiptErrorDetails = keyof ReceiptErrorDetails> extends CodedError<
  ReceiptErrorDetails,
  Code
> {
  constructor(code: Code, details: ReceiptErrorDetails[Code], options?: ErrorOptions) {
    super('ReceiptError', RECEIPT_CATALOGUE, code, details, options)
  }
}

/** `ReceiptError` as a union, so that a switch over `code` narrows `details`. */
export type AnyReceiptError = {
  readonly [Code in keyof ReceiptErrorDetails]: ReceiptError<Code>
}[keyof ReceiptErrorDetails]

/** True for a `ReceiptError` of any copy of this package. */
export function isReceiptError(error: unknown): error is AnyReceiptError {
  return error instanceof Error && error.name === 'ReceiptError' && 'code' in error
}
