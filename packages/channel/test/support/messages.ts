import { fromHex, type UnixSeconds, unixSeconds, utf8 } from '@blindai/core'
import {
  type BinaryRequest,
  collectBody,
  generateOhttpKeys,
  type HttpBody,
  type KeyConfig,
  OHTTP_AUTHORITY,
  OhttpGateway,
  type OhttpKeys,
  parseKeyConfigList,
} from '../../src/index.ts'

export const NOW: UnixSeconds = unixSeconds(1_795_500_000)

export const LIMITS = { maxHeaderBytes: 4096, maxFieldLines: 16, maxMessageBytes: 1 << 20 }

export const hex = (text: string): Uint8Array<ArrayBuffer> => fromHex('vector', text)

/** A POST of `body` with what an API call has. */
export function post<Body extends HttpBody>(body: Body, path = '/v2/models/m/infer?trace=1'): BinaryRequest<Body> {
  const headers = [
    ['content-type', 'application/octet-stream'],
    ['authorization', 'Bearer secret'],
  ] as const
  return { method: 'POST', scheme: 'https', authority: OHTTP_AUTHORITY, path, headers, body }
}

/** One gateway with its keys and what a client knows of them; `time` can be moved. */
export async function gatewayAt(
  time: { now: UnixSeconds },
  options: {
    replayCapacity?: number
    requirePostQuantum?: boolean
    maxRequestBytes?: number
    maxStreamBytes?: number
  } = {},
): Promise<{ gateway: OhttpGateway; keys: OhttpKeys; configs: KeyConfig[] }> {
  const keys = await generateOhttpKeys()
  const gateway = new OhttpGateway({
    keys,
    clock: () => time.now,
    replayCapacity: 1000,
    dateWindowSeconds: 60,
    maxRequestBytes: 4 << 20,
    ...options,
  })
  return { gateway, keys, configs: parseKeyConfigList(keys.keyConfigList) }
}

/** Opens a request and takes it, as a gateway does whose caller is known. */
export async function admitted(gateway: OhttpGateway, contentType: string, body: HttpBody) {
  const { admit, ...opened } = await gateway.open(contentType, body)
  return { ...opened, request: admit() }
}

/** The bytes in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

export async function* streamOf(...pieces: (Uint8Array | string)[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield typeof piece === 'string' ? utf8(piece) : piece
}

export async function gather(body: HttpBody): Promise<Uint8Array> {
  return new Uint8Array(await collectBody(body, 64 << 20))
}

/** Bytes that are easy to recognise and compress badly. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 167 + (i >>> 8)) & 0xff)
}

/** The bytes with one bit turned. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

/** The code that a promise is rejected with; undefined when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
