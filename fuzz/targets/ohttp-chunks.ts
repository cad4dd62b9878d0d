import { ByteSource } from '../../packages/channel/src/byte-source.ts'
import { ChannelError } from '../../packages/channel/src/channel-error.ts'
import { openChunks } from '../../packages/channel/src/chunks.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const TAG = new Uint8Array(16)
const MESSAGE = Uint8Array.of(17, 0x61, ...TAG, 0, ...TAG, 0x62)

/** Chunks under a cipher that only takes the tag off, so that every length is reached; how they come is the first byte. */
async function parse(bytes: Uint8Array): Promise<unknown> {
  const step = 1 + (bytes[0] ?? 0)
  const source = new ByteSource(pieces(bytes.subarray(1), step), {
    name: 'fuzz',
    limit: 65_536,
    truncated: (_field, received) => new ChannelError('STREAM_TRUNCATED', { message: 'request', received }),
  })
  const opened: Uint8Array[] = []
  for await (const chunk of openChunks(source, async (sealed) => sealed.subarray(0, -16), 'request')) opened.push(chunk)
  return opened
}

async function* pieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.subarray(at, at + step)
}

export const target: FuzzTarget = {
  sources: [
    'packages/channel/src/chunks.ts',
    'packages/channel/src/byte-source.ts',
    'packages/channel/src/byte-collector.ts',
  ],
  seeds: [written(Uint8Array.of(0, ...MESSAGE), Uint8Array.of(255, ...MESSAGE))],
  maxBytes: 8192,
  parse,
  refuses: { ChannelError: ['STREAM_TRUNCATED', 'DECRYPT_FAILED', 'TOO_LARGE'] },
}
