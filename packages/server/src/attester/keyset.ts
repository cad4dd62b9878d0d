import {
  digest,
  type Ed25519Jwk,
  fromBase64Url,
  type Keyset,
  toBase64Url,
  toHex,
  type UnixSeconds,
} from '@blindai/core'

/** The public halves of the keys of this boot. */
export interface PublicKeys {
  /** DER of the SubjectPublicKeyInfo of each TLS certificate. */
  readonly tlsPublicKeys: readonly Uint8Array[]
  /** An `application/ohttp-keys` list. */
  readonly ohttpKeyConfigs: Uint8Array
  readonly channel: Ed25519Jwk
  readonly receipts: Ed25519Jwk
  /** Both inclusive. */
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
}

/**
 * Puts public keys together as the statement carries them.
 *
 * @throws {TypeError} for a JWK that holds a private key or is not Ed25519; {RangeError} when there is no TLS key or OHTTP
 * key, or `notAfter` is before `notBefore`; {MalformedError} `NOT_BASE64URL`.
 */
export async function assembleKeyset(keys: PublicKeys): Promise<Keyset> {
  if (keys.tlsPublicKeys.length === 0) throw new RangeError('a keyset has at least one TLS key')
  if (keys.ohttpKeyConfigs.byteLength === 0) throw new RangeError('a keyset has at least one OHTTP key configuration')
  if (keys.notAfter < keys.notBefore) throw new RangeError('a keyset ends before it begins')
  return {
    tls: await Promise.all(keys.tlsPublicKeys.map(async (spki) => toHex(await digest('SHA-256', spki)))),
    ohttp: toBase64Url(keys.ohttpKeyConfigs),
    channel: publicJwk('channel', keys.channel),
    receipts: publicJwk('receipts', keys.receipts),
    notBefore: keys.notBefore,
    notAfter: keys.notAfter,
  }
}

/** The three members of a public key and no other. A private key here would be published, so it is refused by name. */
export function publicJwk(role: string, jwk: Ed25519Jwk): Ed25519Jwk {
  if ('d' in jwk) throw new TypeError(`the ${role} key holds a private key`)
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') throw new TypeError(`the ${role} key is not of Ed25519`)
  if (fromBase64Url(`${role} key`, jwk.x).byteLength !== 32) throw new TypeError(`the ${role} key has not 32 bytes`)
  return { kty: 'OKP', crv: 'Ed25519', x: jwk.x }
}
