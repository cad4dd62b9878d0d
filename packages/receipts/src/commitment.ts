import { concatBytes, digest, equalBytes, fromBase64Url, toBase64Url, utf8 } from '@blindai/core'
import type { BodyCommitment } from './receipt.ts'

/** Bytes of a salt: random, one for each receipt, and told to the caller alone. */
export const SALT_BYTES = 32

const DIGEST_BYTES = 32

/** Which of the two bodies of an exchange. */
export type BodyRole = 'request' | 'response'

/** Separates the roles, so that an answer can never stand for a request. */
const DOMAIN: { readonly [Role in BodyRole]: Uint8Array } = {
  request: utf8('blindai.receipt.request.v1\0'),
  response: utf8('blindai.receipt.response.v1\0'),
}

/** A body by its digest, which whoever streams it computes on the way. */
export interface BodyDigest {
  /** SHA-256, 32 bytes. */
  readonly sha256: Uint8Array
  readonly bytes: number
  /** Of a stream: how many messages. */
  readonly messages?: number
}

/** The digest of a body at hand. */
export async function digestBody(body: Uint8Array): Promise<BodyDigest> {
  return { sha256: await digest('SHA-256', body), bytes: body.byteLength }
}

/**
 * Commits to a body: HMAC-SHA-256(salt, "blindai.receipt.request.v1" 0x00 | SHA-256(body)), and likewise for the response.
 * A plain hash of a short input could be guessed by trying.
 *
 * @throws {RangeError} when the salt or the digest is not 32 bytes.
 */
export async function commitTo(role: BodyRole, salt: Uint8Array, body: BodyDigest): Promise<BodyCommitment> {
  const { sha256, bytes, messages } = body
  const hmac = toBase64Url(await authenticate(role, salt, sha256))
  return { hmac, bytes, ...(messages !== undefined && { messages }) }
}

/** True when the commitment is to this body. The length is not looked at. */
export async function isCommitmentTo(
  commitment: BodyCommitment,
  role: BodyRole,
  salt: Uint8Array,
  body: BodyDigest,
): Promise<boolean> {
  return equalBytes(fromBase64Url('hmac', commitment.hmac), await authenticate(role, salt, body.sha256))
}

async function authenticate(role: BodyRole, salt: Uint8Array, sha256: Uint8Array): Promise<Uint8Array> {
  if (salt.byteLength !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes, not ${salt.byteLength}`)
  if (sha256.byteLength !== DIGEST_BYTES) {
    throw new RangeError(`a digest has ${DIGEST_BYTES} bytes, not ${sha256.byteLength}`)
  }
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', new Uint8Array(salt), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, concatBytes(DOMAIN[role], sha256)))
}
