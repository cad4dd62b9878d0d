import { MessageReader } from '../../packages/server/src/grpc/message-reader.ts'
import type { Duplex } from '../../packages/server/src/http/api.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const MAX_MESSAGE_BYTES = 4096

/** The first byte says how the others come, and whether they are one message or a stream. */
async function parse(bytes: Uint8Array): Promise<Uint8Array[]> {
  const [how = 0] = bytes
  const reader = new MessageReader(duplexOf(bytes.subarray(1), 1 + (how >> 1)), {
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxDecompressionRatio: 1,
    encoding: undefined,
  })
  const ignore = (): void => undefined
  if (how % 2 === 1) return [await reader.only(ignore)]
  const messages: Uint8Array[] = []
  for (;;) {
    const message = await reader.next({ onBegin: ignore, onGrow: ignore, checkIdle: ignore })
    if (message === undefined) return messages
    messages.push(message)
  }
}

function duplexOf(bytes: Uint8Array, step: number): Duplex {
  return {
    async *pieces() {
      for (let at = 0; at < bytes.byteLength; at += step) yield bytes.subarray(at, at + step)
    },
    watch: () => ({ moved: () => undefined, done: () => undefined }),
  }
}

/** Whole messages, all together in one piece. */
function write(messages: readonly Uint8Array[]): Uint8Array | undefined {
  const frames = messages.flatMap((message) => {
    const prefix = new Uint8Array(5)
    new DataView(prefix.buffer).setUint32(1, message.byteLength)
    return [...prefix, ...message]
  })
  return Uint8Array.of(254, ...frames)
}

export const target: FuzzTarget<Uint8Array[]> = {
  sources: ['packages/server/src/grpc/message-reader.ts'],
  seeds: [
    written(
      Uint8Array.of(255, 0, 0, 0, 0, 3, 1, 2, 3),
      Uint8Array.of(1, 0, 0, 0, 0, 0),
      Uint8Array.of(2, 0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 8, 9),
      Uint8Array.of(255, 0, 0xff, 0xff, 0xff, 0xff),
    ),
  ],
  maxBytes: 8192,
  parse,
  write,
  refuses: { ApiError: ['GRPC_MESSAGE_INVALID', 'GRPC_COMPRESSION_UNANNOUNCED', 'BODY_TOO_LARGE', 'BODY_TRUNCATED'] },
}
