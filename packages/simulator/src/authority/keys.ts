import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** An ECDSA P-256 key pair, the only kind that DCAP uses. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A new P-256 key pair. */
export function generateKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** ECDSA with SHA-256 as X.509 carries it: DER. */
export function signDer(key: KeyPair, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', message, key.privateKey))
}

/** ECDSA with SHA-256 as quotes and TCB info carry it: r | s, 64 bytes. */
export function signRaw(key: KeyPair, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** DER of the SubjectPublicKeyInfo. */
export function spki(key: KeyPair): Uint8Array {
  return new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }))
}

/** x | y, 64 bytes: the end of the SubjectPublicKeyInfo of an uncompressed point. */
export function rawPublicKey(key: KeyPair): Uint8Array {
  return spki(key).slice(-64)
}
