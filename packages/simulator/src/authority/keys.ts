import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/**
 * A key pair: ECDSA on P-256, the only kind that DCAP uses; on P-384, as Nitro and AMD's endorsement keys; or RSA, as AMD's
 * authorities.
 */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A new ECDSA key pair. */
export function generateKeyPair(namedCurve: 'P-256' | 'P-384' = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve })
}

/** A new RSA key pair; one of 4096 bits takes seconds. */
export function generateRsaKeyPair(modulusLength = 4096): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength })
}

/** Bytes of the salt of RSASSA-PSS with SHA-384. */
export const PSS_SALT_BYTES = 48

/** True for a key of RSA. */
export function isRsa({ privateKey }: KeyPair): boolean {
  return privateKey.asymmetricKeyType === 'rsa'
}

/** The hash that goes with a key: SHA-256 with P-256, SHA-384 with all others. */
export function hashOf({ privateKey }: KeyPair): 'sha256' | 'sha384' {
  return privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'sha256' : 'sha384'
}

/** A signature as X.509 carries it: of ECDSA, DER; of RSA, RSASSA-PSS with SHA-384. */
export function signDer(key: KeyPair, message: Uint8Array): Uint8Array {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES }
  return new Uint8Array(sign(hashOf(key), message, { key: key.privateKey, ...(isRsa(key) && pss) }))
}

/** ECDSA as quotes and TCB info carry it: r | s, each as long as a coordinate. */
export function signRaw(key: KeyPair, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(hashOf(key), message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** DER of the SubjectPublicKeyInfo. */
export function spki(key: KeyPair): Uint8Array {
  return new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }))
}

/** x | y, 64 bytes: the end of the SubjectPublicKeyInfo of an uncompressed point on P-256. */
export function rawPublicKey(key: KeyPair): Uint8Array {
  return spki(key).slice(-64)
}
