import { concatBytes } from '@blindai/core'
import { type BodyDigest, digestBody } from './commitment.ts'
import { ReceiptError } from './receipt-error.ts'

/**
 * The body of a stream: its messages one after the other, as they are before any compression, each behind a prefix, so that no
 * two streams are the same bytes.
 *
 * Source: gRPC over HTTP/2, "Length-Prefixed-Message".
 */

/** A zero, and the length in four bytes, big-endian. */
const PREFIX_BYTES = 5

/** The digest of a stream whose messages are at hand. */
export async function digestStream(messages: readonly Uint8Array[]): Promise<BodyDigest> {
  const body = concatBytes(...messages.flatMap((message) => framed([message])))
  return { ...(await digestBody(body)), messages: messages.length }
}

/** The digest of a stream that was kept whole, with its prefixes. @throws {ReceiptError} `RECEIPT_STREAM_INVALID`. */
export async function digestStreamBody(body: Uint8Array): Promise<BodyDigest> {
  return { ...(await digestBody(body)), messages: countMessages(body) }
}

/** A message, in pieces, behind its prefix. */
export function framed(message: readonly Uint8Array[]): Uint8Array[] {
  const prefix = new Uint8Array(PREFIX_BYTES)
  const bytes = message.reduce((sum, piece) => sum + piece.byteLength, 0)
  new DataView(prefix.buffer).setUint32(1, bytes)
  return [prefix, ...message]
}

function countMessages(body: Uint8Array): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  let messages = 0
  for (let at = 0; at < body.byteLength; messages++) {
    if (body.byteLength - at < PREFIX_BYTES || body[at] !== 0) throw new ReceiptError('RECEIPT_STREAM_INVALID', { at })
    at += PREFIX_BYTES + view.getUint32(at + 1)
    if (at > body.byteLength) throw new ReceiptError('RECEIPT_STREAM_INVALID', { at: body.byteLength })
  }
  return messages
}
