import { concatBytes, type Ed25519Jwk, fromBase64Url, NONCE_BYTES, toBase64Url, utf8 } from '@blindai/core'

/**
 * The proof that one TLS connection ends where a statement's channel key lives.
 *
 * Evidence inside a handshake can be relayed; a signature over this connection's own exporter cannot. This module knows
 * the bytes and the signature only: taking the exporter from the socket, and trusting the key, are others' work.
 */

/** The label of the TLS exporter; its context is the client's nonce. Source: RFC 8446 section 7.5. */
export const CHANNEL_EXPORTER_LABEL = 'EXPERIMENTAL blindai channel v1'

/** Bytes of the TLS exporter's value. */
export const CHANNEL_EXPORTER_BYTES = 32

const DOMAIN = utf8('blindai.channel.v1\0')
const DIGEST_BYTES = 32
const SIGNATURE_BYTES = 64

/**
 * What is signed: `"blindai.channel.v1" 0x00 | SHA-256(statement) | nonce | exporter`.
 *
 * @throws {RangeError} when one of the three is not 32 bytes.
 */
export function channelProofMessage(
  statementSha256: Uint8Array,
  nonce: Uint8Array,
  exporter: Uint8Array,
): Uint8Array<ArrayBuffer> {
  checkBytes('the statement digest', statementSha256, DIGEST_BYTES)
  checkBytes('the nonce', nonce, NONCE_BYTES)
  checkBytes('the exporter', exporter, CHANNEL_EXPORTER_BYTES)
  return concatBytes(DOMAIN, statementSha256, nonce, exporter)
}

/** An Ed25519 key whose private half cannot leave this object. */
export interface ChannelSigner {
  readonly publicJwk: Ed25519Jwk
  /** 64 bytes. Source: RFC 8032 section 5.1.6. */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** Makes a key. */
export async function createChannelSigner(): Promise<ChannelSigner> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('Ed25519 did not give a key pair')
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return {
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(raw) },
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, copy(message))),
  }
}

/**
 * Whether `signature` over `message` is by the key. False, too, for a signature of another length.
 *
 * @throws {MalformedError} `NOT_BASE64URL` for a key that is no base64url; {RangeError} for one that is not 32 bytes.
 */
export async function verifyChannelProof(
  jwk: Ed25519Jwk,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const raw = fromBase64Url('channel key x', jwk.x)
  checkBytes('the channel key', raw, 32)
  if (signature.byteLength !== SIGNATURE_BYTES) return false
  const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, copy(signature), copy(message))
}

function checkBytes(what: string, bytes: Uint8Array, expected: number): void {
  if (bytes.byteLength !== expected) throw new RangeError(`${what} has ${expected} bytes, not ${bytes.byteLength}`)
}

/** WebCrypto's types want memory that is not shared. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
