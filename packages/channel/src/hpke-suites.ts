import {
  type AEAD,
  AEAD_AES_128_GCM,
  AEAD_ChaCha20Poly1305,
  type AEADFactory,
  CipherSuite,
  type KDF,
  KDF_HKDF_SHA256,
  type KDFFactory,
  KEM_DHKEM_X25519_HKDF_SHA256,
  KEM_MLKEM768_X25519,
  type KEMFactory,
} from 'hpke'
import { ChannelError } from './channel-error.ts'

/**
 * The HPKE suites of the channel. Source: RFC 9180 section 7; draft-ietf-hpke-pq-05 section 4 for MLKEM768-X25519.
 */

/** MLKEM768-X25519, the hybrid of ML-KEM-768 and X25519. */
export const KEM_MLKEM768_X25519_ID = 0x647a
/** DHKEM(X25519, HKDF-SHA256). */
export const KEM_X25519_ID = 0x0020
/** HKDF-SHA256. */
export const KDF_HKDF_SHA256_ID = 0x0001
export const AEAD_AES_128_GCM_ID = 0x0001
export const AEAD_CHACHA20_POLY1305_ID = 0x0003

/** The AEADs of every key configuration that this package makes, in order of preference. */
export const AEAD_IDS: readonly number[] = [AEAD_AES_128_GCM_ID, AEAD_CHACHA20_POLY1305_ID]

/** A suite by the numbers of the IANA HPKE registry. */
export interface SuiteIds {
  readonly kem: number
  readonly kdf: number
  readonly aead: number
}

/**
 * Where the algorithms come from. The default is WebCrypto, everywhere; a runtime with synchronous cryptography can
 * bring its own, which saves about half of a request's time on Node.
 */
export interface HpkeBackend {
  /** undefined for a KEM that it lacks. */
  kem(id: number): KEMFactory | undefined
  readonly hkdfSha256: KDFFactory
  /** undefined for an AEAD that it lacks. */
  aead(id: number): AEADFactory | undefined
}

/** The algorithms of the runtime's WebCrypto. */
export const webCryptoBackend: HpkeBackend = {
  kem: (id) =>
    id === KEM_MLKEM768_X25519_ID
      ? KEM_MLKEM768_X25519
      : id === KEM_X25519_ID
        ? KEM_DHKEM_X25519_HKDF_SHA256
        : undefined,
  hkdfSha256: KDF_HKDF_SHA256,
  aead: (id) =>
    id === AEAD_AES_128_GCM_ID
      ? AEAD_AES_128_GCM
      : id === AEAD_CHACHA20_POLY1305_ID
        ? AEAD_ChaCha20Poly1305
        : undefined,
}

/** A suite ready for use. */
export interface Suite {
  readonly ids: SuiteIds
  readonly hpke: CipherSuite
  readonly kdf: Readonly<KDF>
  readonly aead: Readonly<AEAD>
  /** The larger of nonce and key of the AEAD: bytes of a response nonce. Source: RFC 9458 section 4.4. */
  readonly entropyBytes: number
}

const cache = new WeakMap<HpkeBackend, Map<number, Suite>>()

/**
 * The suite with these numbers; undefined when the backend lacks one of its algorithms.
 */
export function findSuite(ids: SuiteIds, backend: HpkeBackend): Suite | undefined {
  const key = ids.kem * 0x1_0000_0000 + ids.kdf * 0x1_0000 + ids.aead
  const known = cache.get(backend) ?? new Map<number, Suite>()
  cache.set(backend, known)
  const made = known.get(key)
  if (made !== undefined) return made
  const kem = backend.kem(ids.kem)
  const aead = backend.aead(ids.aead)
  if (kem === undefined || aead === undefined || ids.kdf !== KDF_HKDF_SHA256_ID) return undefined
  const algorithm = aead()
  const suite: Suite = {
    ids,
    hpke: new CipherSuite(kem, backend.hkdfSha256, aead),
    kdf: backend.hkdfSha256(),
    aead: algorithm,
    entropyBytes: Math.max(algorithm.Nk, algorithm.Nn),
  }
  known.set(key, suite)
  return suite
}

/** As `findSuite`. @throws {ChannelError} `SUITE_UNSUPPORTED`. */
export function suiteOf(ids: SuiteIds, backend: HpkeBackend): Suite {
  const suite = findSuite(ids, backend)
  if (suite === undefined) throw new ChannelError('SUITE_UNSUPPORTED', { ...ids })
  return suite
}

/** True when a quantum computer that breaks X25519 alone does not open the suite's messages. */
export function isPostQuantum(kem: number): boolean {
  return kem === KEM_MLKEM768_X25519_ID
}
