import type { KeyPair } from 'hpke'
import {
  AEAD_IDS,
  type HpkeBackend,
  KDF_HKDF_SHA256_ID,
  KEM_MLKEM768_X25519_ID,
  KEM_X25519_ID,
  suiteOf,
  webCryptoBackend,
} from './hpke-suites.ts'
import { encodeKeyConfigList, type KeyConfig } from './key-config.ts'

/** A key of a gateway, whole. */
export interface OhttpKey {
  readonly config: KeyConfig
  readonly pair: KeyPair
}

/**
 * The keys of a gateway. They are born here and cannot be exported or loaded: who holds the object can open requests,
 * and nothing that it prints or serialises to says more than the public list.
 */
export class OhttpKeys {
  /** `application/ohttp-keys`: the post-quantum key first, then the classic one. */
  readonly keyConfigList: Uint8Array
  /** Where the keys' algorithms come from; the gateway uses the same. */
  readonly backend: HpkeBackend
  readonly #keys: ReadonlyMap<number, OhttpKey>

  constructor(keys: readonly OhttpKey[], backend: HpkeBackend) {
    this.backend = backend
    this.#keys = new Map(keys.map((key) => [key.config.keyId, key]))
    this.keyConfigList = encodeKeyConfigList(keys.map((key) => key.config))
  }

  /** The key with this identifier. */
  find(keyId: number): OhttpKey | undefined {
    return this.#keys.get(keyId)
  }

  toJSON(): { readonly keyConfigListBytes: number } {
    return { keyConfigListBytes: this.keyConfigList.byteLength }
  }
}

/**
 * Makes the keys of one boot: MLKEM768-X25519 first, DHKEM(X25519) second, each with AES-128-GCM and ChaCha20-Poly1305
 * under HKDF-SHA256. Identifiers are random, so that a request to the keys of another boot is mostly told by its
 * identifier.
 */
export async function generateOhttpKeys(backend: HpkeBackend = webCryptoBackend): Promise<OhttpKeys> {
  const [first = 0, offset = 0] = crypto.getRandomValues(new Uint8Array(2))
  const second = (first + 1 + (offset % 255)) % 256
  const symmetric = AEAD_IDS.map((aead) => ({ kdf: KDF_HKDF_SHA256_ID, aead }))
  const keys: OhttpKey[] = []
  for (const [keyId, kem] of [
    [first, KEM_MLKEM768_X25519_ID],
    [second, KEM_X25519_ID],
  ] as const) {
    const { hpke } = suiteOf({ kem, kdf: KDF_HKDF_SHA256_ID, aead: AEAD_IDS[0] ?? 0 }, backend)
    const pair = await hpke.GenerateKeyPair(false)
    const publicKey = await hpke.SerializePublicKey(pair.publicKey)
    keys.push({ config: { keyId, kem, publicKey, symmetric }, pair })
  }
  return new OhttpKeys(keys, backend)
}
