import { deflateSync, gzipSync } from 'node:zlib'
import { acceptedCoding, decodeBody } from '../../packages/server/src/http/content-coding.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const LIMITS = { maxBytes: 256 * 1024, maxRatio: 256 }
const TEXT = '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1.5,-2]}]}'
const KINDS = ['gzip', 'deflate'] as const

type Decoded = Uint8Array | { readonly coding: string | undefined }

/** The first byte says what the others are: a gzip body, a zlib body, or what a client accepts. */
async function parse(bytes: Uint8Array): Promise<Decoded> {
  const kind = KINDS[bytes[0] ?? 0]
  const rest = bytes.subarray(1)
  if (kind === undefined) {
    return { coding: acceptedCoding({ 'accept-encoding': Buffer.from(rest).toString('latin1') }) }
  }
  return decodeBody(piecesOf(rest), kind, LIMITS, () => undefined)
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1000) yield bytes.subarray(at, at + 1000)
}

const after = (kind: number, bytes: Uint8Array | string): Uint8Array =>
  Buffer.concat([Buffer.of(kind), Buffer.from(bytes)])

/** Everything that comes out is held: that is up to 256 times what goes in. */
export const target: FuzzTarget<Decoded> = {
  sources: ['packages/server/src/http/content-coding.ts'],
  seeds: [
    written(after(0, gzipSync(TEXT)), after(1, deflateSync(TEXT)), after(0, gzipSync(Buffer.alloc(200_000)))),
    written(after(1, deflateSync(Buffer.alloc(300_000))), after(2, 'gzip;q=0.5, deflate;q=0.8, *')),
  ],
  parse,
  write: (value) => (value instanceof Uint8Array ? after(0, gzipSync(value)) : undefined),
  refuses: { ApiError: ['BODY_TOO_LARGE', 'BODY_EXPANDS_TOO_MUCH', 'BODY_ENCODING_INVALID'] },
  maxBytes: 4096,
  allocationPerByte: 1024,
}
