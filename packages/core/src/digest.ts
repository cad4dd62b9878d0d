/** The SHA-2 functions in use, by WebCrypto's names. Source: FIPS 180-4. */
export type DigestAlgorithm = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** The digest of bytes; works in Node and in browsers. */
export async function digest(algorithm: DigestAlgorithm, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(algorithm, new Uint8Array(bytes)))
}
