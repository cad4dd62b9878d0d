import { equalBytes, utf8 } from '@blindai/core'

/** Signatures at the start of a file: bytes at offsets. The server decides which of them it takes. */
const SIGNATURES: readonly { readonly type: string; readonly parts: readonly (readonly [number, Uint8Array])[] }[] = [
  { type: 'image/jpeg', parts: [[0, Uint8Array.of(0xff, 0xd8, 0xff)]] },
  { type: 'image/png', parts: [[0, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)]] },
  // biome-ignore format: container and kind, four bytes each
  { type: 'image/webp', parts: [[0, utf8('RIFF')], [8, utf8('WEBP')]] },
  { type: 'image/gif', parts: [[0, utf8('GIF8')]] },
  // biome-ignore format: container and kind, four bytes each
  { type: 'audio/wav', parts: [[0, utf8('RIFF')], [8, utf8('WAVE')]] },
  { type: 'audio/flac', parts: [[0, utf8('fLaC')]] },
  { type: 'audio/ogg', parts: [[0, utf8('OggS')]] },
  { type: 'audio/mpeg', parts: [[0, utf8('ID3')]] },
]

/** The media type that bytes begin like, or undefined. A name or a label is never believed. */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  const found = SIGNATURES.find(({ parts }) =>
    parts.every(([offset, magic]) => equalBytes(bytes.subarray(offset, offset + magic.byteLength), magic)),
  )
  return found?.type
}
