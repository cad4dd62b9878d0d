import { concatBytes, fromBase64Url, isMalformedError, toBase64Url, utf8 } from '@blindai/core'
import { encodeClaims, parseClaims } from './claims.ts'
import type { Receipt } from './receipt.ts'
import { ReceiptError } from './receipt-error.ts'

/**
 * A receipt as it travels: a JWS in compact form, signed by Ed25519. There is one header and no choice of algorithm.
 *
 * Source: RFC 7515 section 7.1; RFC 8037 section 3.1; RFC 7519 section 5.1.
 */

const HEADER = '{"alg":"EdDSA","typ":"blindai-receipt+jwt"}'
const ENCODED_HEADER = toBase64Url(utf8(HEADER))
const SIGNATURE_BYTES = 64

/** The longest token that is read. */
export const MAX_TOKEN = 8192

/** A token taken apart, and not yet believed. */
export interface ParsedToken {
  readonly receipt: Receipt
  /** The bytes that the signature covers, as they came. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Signs claims.
 *
 * @param sign - gives the 64 bytes of an Ed25519 signature by `keyset.receipts`.
 */
export async function signReceipt(
  receipt: Receipt,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const signed = `${ENCODED_HEADER}.${toBase64Url(encodeClaims(receipt))}`
  return `${signed}.${toBase64Url(await sign(utf8(signed)))}`
}

/**
 * Takes a token apart.
 *
 * @throws {ReceiptError} `RECEIPT_FORM_INVALID`, `RECEIPT_HEADER_UNSUPPORTED`.
 */
export function parseReceipt(token: string): ParsedToken {
  if (token.length > MAX_TOKEN) throw invalid('text', `at most ${MAX_TOKEN} characters`)
  const parts = token.split('.')
  const [header, claims, signature] = parts
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined) {
    throw invalid('text', 'three parts with dots between them')
  }
  if (header !== ENCODED_HEADER) throw new ReceiptError('RECEIPT_HEADER_UNSUPPORTED', { expected: HEADER })
  const signatureBytes = decode('signature', signature)
  if (signatureBytes.byteLength !== SIGNATURE_BYTES) throw invalid('signature', `${SIGNATURE_BYTES} bytes long`)
  return {
    receipt: parseClaims(decode('claims', claims)),
    signed: concatBytes(utf8(header), utf8('.'), utf8(claims)),
    signature: signatureBytes,
  }
}

function decode(part: string, text: string): Uint8Array {
  try {
    return fromBase64Url(part, text)
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new ReceiptError('RECEIPT_FORM_INVALID', { part, expected: 'base64url' }, { cause })
  }
}

function invalid(part: string, expected: string): ReceiptError<'RECEIPT_FORM_INVALID'> {
  return new ReceiptError('RECEIPT_FORM_INVALID', { part, expected })
}
