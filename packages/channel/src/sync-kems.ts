import { concatBytes, utf8 } from '@blindai/core'
import { type KDF, type KEM, type Key, LabeledExpand, LabeledExtract, NotSupportedError } from 'hpke'
import { KEM_MLKEM768_X25519_ID, KEM_X25519_ID } from './hpke-suites.ts'

/**
 * The two KEMs over synchronous primitives. Keys are made and used, never written out or read in: the handles of the
 * runtime stay opaque here.
 */

/** A key as the runtime holds it. */
export type KeyHandle = object

/** A key pair as the runtime holds it, with the public key's raw bytes. */
export interface HandlePair {
  readonly privateKey: KeyHandle
  readonly publicKey: KeyHandle
  readonly publicBytes: Uint8Array
}

/** X25519. Source: RFC 7748 section 6.1. */
export interface SyncX25519 {
  generate(): HandlePair
  /** The key of 32 bytes. */
  publicKey(bytes: Uint8Array): KeyHandle
  /** 32 bytes; throws when they would be zero. */
  agree(privateKey: KeyHandle, publicKey: KeyHandle): Uint8Array
}

/** ML-KEM-768. Source: FIPS 203. */
export interface SyncMlKem768 {
  generate(): HandlePair
  /** The key of 1184 bytes; throws when it is not reduced. */
  publicKey(bytes: Uint8Array): KeyHandle
  encapsulate(publicKey: KeyHandle): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array }
  decapsulate(privateKey: KeyHandle, ciphertext: Uint8Array): Uint8Array
}

/** What both KEMs are made of. */
export interface KemPrimitives {
  readonly x25519: SyncX25519
  readonly mlKem768: SyncMlKem768
  sha3_256(data: Uint8Array): Uint8Array
}

const X25519_BYTES = 32
const ML_KEM_KEY_BYTES = 1184
const ML_KEM_CIPHERTEXT_BYTES = 1088
const NONE = new Uint8Array()

/** An HPKE key around handles. Printing it shows its type and nothing else. */
export class SyncKey implements Key {
  readonly algorithm: { readonly name: string }
  readonly extractable: boolean
  readonly type: 'private' | 'public'
  readonly #handles: readonly KeyHandle[]
  readonly #publicBytes: Uint8Array

  constructor(name: string, type: 'private' | 'public', handles: readonly KeyHandle[], publicBytes: Uint8Array) {
    this.algorithm = { name }
    this.extractable = type === 'public'
    this.type = type
    this.#handles = handles
    this.#publicBytes = publicBytes
  }

  /** The n-th handle. */
  handle(n: number): KeyHandle {
    const handle = this.#handles[n]
    if (handle === undefined) throw new TypeError(`a key of ${this.algorithm.name} has no part ${n}`)
    return handle
  }

  /** The public key's bytes, of a private key too. */
  get publicBytes(): Uint8Array {
    return this.#publicBytes
  }
}

/** DHKEM(X25519, HKDF-SHA256). Source: RFC 9180 section 4.1. */
export function x25519Kem({ x25519 }: KemPrimitives, hkdf: KDF): KEM<SyncKey> {
  const name = 'DHKEM(X25519, HKDF-SHA256)'
  const suiteId = concatBytes(utf8('KEM'), Uint8Array.of(KEM_X25519_ID >>> 8, KEM_X25519_ID & 0xff))
  const extractAndExpand = async (secret: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Promise<Uint8Array> => {
    const prk = await LabeledExtract(hkdf, suiteId, NONE, utf8('eae_prk'), secret)
    return LabeledExpand(hkdf, suiteId, prk, utf8('shared_secret'), concatBytes(enc, recipient), 32)
  }
  return {
    ...common(name, KEM_X25519_ID, { enc: X25519_BYTES, publicKey: X25519_BYTES }),
    GenerateKeyPair: async () => {
      const pair = x25519.generate()
      return pairOf(name, [pair])
    },
    DeserializePublicKey: async (bytes) => new SyncKey(name, 'public', [x25519.publicKey(bytes)], bytes.slice()),
    Encap: async (recipient) => {
      const own = x25519.generate()
      const secret = x25519.agree(own.privateKey, recipient.handle(0))
      const enc = own.publicBytes
      return { enc, shared_secret: await extractAndExpand(secret, enc, recipient.publicBytes) }
    },
    Decap: async (enc, own) => {
      const secret = x25519.agree(own.handle(0), x25519.publicKey(enc))
      return extractAndExpand(secret, enc, own.publicBytes)
    },
  }
}

/** MLKEM768-X25519. Source: draft-ietf-hpke-pq-05 section 4; draft-irtf-cfrg-concrete-hybrid-kems for the combiner. */
export function hybridKem({ x25519, mlKem768, sha3_256 }: KemPrimitives): KEM<SyncKey> {
  const name = 'MLKEM768-X25519'
  const label = utf8('\\.//^\\')
  const combine = (pq: Uint8Array, classic: Uint8Array, classicEnc: Uint8Array, recipient: Uint8Array): Uint8Array =>
    sha3_256(concatBytes(pq, classic, classicEnc, recipient.subarray(ML_KEM_KEY_BYTES), label))
  return {
    ...common(name, KEM_MLKEM768_X25519_ID, {
      enc: ML_KEM_CIPHERTEXT_BYTES + X25519_BYTES,
      publicKey: ML_KEM_KEY_BYTES + X25519_BYTES,
    }),
    GenerateKeyPair: async () => pairOf(name, [mlKem768.generate(), x25519.generate()]),
    DeserializePublicKey: async (bytes) => {
      const pq = mlKem768.publicKey(bytes.subarray(0, ML_KEM_KEY_BYTES))
      return new SyncKey(name, 'public', [pq, x25519.publicKey(bytes.subarray(ML_KEM_KEY_BYTES))], bytes.slice())
    },
    Encap: async (recipient) => {
      const pq = mlKem768.encapsulate(recipient.handle(0))
      const own = x25519.generate()
      const secret = x25519.agree(own.privateKey, recipient.handle(1))
      const shared_secret = combine(pq.sharedSecret, secret, own.publicBytes, recipient.publicBytes)
      return { enc: concatBytes(pq.ciphertext, own.publicBytes), shared_secret }
    },
    Decap: async (enc, own) => {
      const classicEnc = enc.subarray(ML_KEM_CIPHERTEXT_BYTES)
      const pq = mlKem768.decapsulate(own.handle(0), enc.subarray(0, ML_KEM_CIPHERTEXT_BYTES))
      const secret = x25519.agree(own.handle(1), x25519.publicKey(classicEnc))
      return combine(pq, secret, classicEnc, own.publicBytes)
    },
  }
}

type Common = Omit<KEM<SyncKey>, 'GenerateKeyPair' | 'DeserializePublicKey' | 'Encap' | 'Decap'>

function common(name: string, id: number, bytes: { readonly enc: number; readonly publicKey: number }): Common {
  const never = (): Promise<never> => Promise.reject(new NotSupportedError('private keys are neither read nor written'))
  return {
    id,
    type: 'KEM',
    name,
    Nsecret: 32,
    Nenc: bytes.enc,
    Npk: bytes.publicKey,
    Nsk: 32,
    SerializePublicKey: async (key) => key.publicBytes.slice(),
    DeriveKeyPair: never,
    SerializePrivateKey: never,
    DeserializePrivateKey: never,
  }
}

function pairOf(name: string, pairs: readonly HandlePair[]): { publicKey: SyncKey; privateKey: SyncKey } {
  const publicBytes = concatBytes(...pairs.map((pair) => pair.publicBytes))
  const publicKey = new SyncKey(
    name,
    'public',
    pairs.map((pair) => pair.publicKey),
    publicBytes,
  )
  return {
    publicKey,
    privateKey: new SyncKey(
      name,
      'private',
      pairs.map((pair) => pair.privateKey),
      publicBytes,
    ),
  }
}
