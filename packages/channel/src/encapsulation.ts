import { concatBytes, utf8 } from '@blindai/core'
import type { Suite, SuiteIds } from './hpke-suites.ts'

/**
 * What both ends of Oblivious HTTP compute: labels, the request header, the keys of a response.
 *
 * Source: RFC 9458 sections 4.3 and 4.4; draft-ietf-ohai-chunked-ohttp-08 section 6.
 */

/** The two ways to carry messages: whole, or in chunks that are opened as they arrive. */
export type Mode = 'whole' | 'chunked'

/** The media types of each mode. */
export const MEDIA_TYPES: { readonly [M in Mode]: { readonly request: string; readonly response: string } } = {
  whole: { request: 'message/ohttp-req', response: 'message/ohttp-res' },
  chunked: { request: 'message/ohttp-chunked-req', response: 'message/ohttp-chunked-res' },
}

const LABELS = {
  whole: { request: 'message/bhttp request', response: 'message/bhttp response' },
  chunked: { request: 'message/bhttp chunked request', response: 'message/bhttp chunked response' },
} as const

/** Bytes of a request before the encapsulated key. */
export const REQUEST_HEADER_BYTES = 7

/** Bytes that each AEAD in use adds. */
export const TAG_BYTES = 16

/** Plaintext bytes of a chunk, sent and accepted; the draft asks receivers for at least 16384. */
export const CHUNK_BYTES = 65_536

const FINAL = utf8('final')
const NOTHING = new Uint8Array()

/** The additional data of a chunk. */
export function chunkAad(isFinal: boolean): Uint8Array {
  return isFinal ? FINAL : NOTHING
}

/** Key identifier and suite, as a request starts. */
export function encodeRequestHeader(keyId: number, { kem, kdf, aead }: SuiteIds): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(keyId, kem >>> 8, kem & 0xff, kdf >>> 8, kdf & 0xff, aead >>> 8, aead & 0xff)
}

/** The HPKE `info` of a request. */
export function requestInfo(mode: Mode, header: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(utf8(LABELS[mode].request), Uint8Array.of(0), header)
}

/** The part of an HPKE context that a response needs. */
export interface Exporter {
  Export(context: Uint8Array, length: number): Promise<Uint8Array>
}

/** Seals or opens the chunks of one response in order; a whole response is one chunk without additional data. */
export class ResponseCipher {
  readonly #suite: Suite
  readonly #key: Uint8Array
  readonly #baseNonce: Uint8Array
  #counter = 0

  private constructor(suite: Suite, key: Uint8Array, baseNonce: Uint8Array) {
    this.#suite = suite
    this.#key = key
    this.#baseNonce = baseNonce
  }

  /**
   * Derives the cipher.
   *
   * @param enc - the request's encapsulated key.
   * @param responseNonce - `suite.entropyBytes` random bytes of the gateway.
   */
  static async derive(
    mode: Mode,
    suite: Suite,
    context: Exporter,
    enc: Uint8Array,
    responseNonce: Uint8Array,
  ): Promise<ResponseCipher> {
    const secret = await context.Export(utf8(LABELS[mode].response), suite.entropyBytes)
    const prk = await suite.kdf.Extract(concatBytes(enc, responseNonce), secret)
    const key = await suite.kdf.Expand(prk, utf8('key'), suite.aead.Nk)
    return new ResponseCipher(suite, key, await suite.kdf.Expand(prk, utf8('nonce'), suite.aead.Nn))
  }

  async seal(plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    return this.#suite.aead.Seal(this.#key, this.#nextNonce(), aad, plaintext)
  }

  async open(ciphertext: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    return this.#suite.aead.Open(this.#key, this.#nextNonce(), aad, ciphertext)
  }

  /** The nonce is taken before the first await, so that no two calls can share one. */
  #nextNonce(): Uint8Array {
    if (this.#counter > 0xffff_ffff) throw new RangeError('a response has at most 2^32 chunks')
    const nonce = new Uint8Array(this.#baseNonce)
    const view = new DataView(nonce.buffer)
    const last = nonce.byteLength - 4
    view.setUint32(last, (view.getUint32(last) ^ this.#counter) >>> 0)
    this.#counter++
    return nonce
  }
}
