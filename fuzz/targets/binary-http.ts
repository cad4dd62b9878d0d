import { decodeRequest, decodeResponse } from '../../packages/channel/src/binary-http-decode.ts'
import { encodeRequest, encodeResponse, joinPadded } from '../../packages/channel/src/binary-http-encode.ts'
import { type BinaryRequest, type BinaryResponse, collectBody } from '../../packages/channel/src/http-message.ts'
import { BINARY_HTTP } from '../engine/refusals.ts'
import { inJson, written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const LIMITS = { maxHeaderBytes: 4096, maxFieldLines: 32, maxMessageBytes: 65_536 }

type Message = BinaryRequest<Uint8Array> | BinaryResponse<Uint8Array>

/** The message says itself which it is. Source: RFC 9292 section 3.3: even framing indicators are requests. */
async function parse(bytes: Uint8Array): Promise<Message> {
  const message = (bytes[0] ?? 0) % 2 === 0 ? await decodeRequest(bytes, LIMITS) : await decodeResponse(bytes, LIMITS)
  return { ...message, body: await collectBody(message.body, LIMITS.maxMessageBytes) }
}

export const target: FuzzTarget<Message> = {
  sources: [
    'packages/channel/src/binary-http-decode.ts',
    'packages/channel/src/http-message.ts',
    'packages/channel/src/byte-source.ts',
    'packages/channel/src/padding.ts',
  ],
  seeds: [
    inJson('vectors/crypto/bhttp/rfc9292.json', '*.hex', 'hex'),
    inJson('vectors/crypto/ohttp/rfc9458.json', 'request', 'hex'),
    written(Uint8Array.of(1, 0x40, 0xc8, 0, 2, 0x6f, 0x6b), Uint8Array.of(3, 0x40, 0xc8, 0, 1, 0x61, 1, 0x62, 0)),
  ],
  parse,
  write: (message) => joinPadded('method' in message ? encodeRequest(message) : encodeResponse(message)),
  refuses: BINARY_HTTP,
}
