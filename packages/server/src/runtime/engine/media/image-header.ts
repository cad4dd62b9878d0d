import { Failure } from '../failure.ts'

/** What a picture says of itself before anything of it is decoded. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'webp'
  readonly width: number
  readonly height: number
}

/** A photograph of the largest cameras; decoded it takes three bytes a pixel. */
export const MAX_PIXELS = 64_000_000
const MAX_SIDE = 32_768

/**
 * Reads format and size from the first bytes of a file. A small file can stand for a picture that fills the memory, so
 * the size is bounded here.
 *
 * Sources: PNG (ISO/IEC 15948) 11.2.2; JPEG (ITU-T T.81) B.1 and B.2.2; WebP Container Specification.
 *
 * @throws {Failure} `INPUT_UNSUPPORTED` `image-format`; `INPUT_INVALID` `image-header`, `image-too-large`.
 */
export function readImageHeader(file: Uint8Array): ImageHeader {
  const header = readPng(file) ?? readWebp(file) ?? readJpeg(file)
  if (header === undefined) throw new Failure('INPUT_UNSUPPORTED', 'image-format', 'JPEG, PNG or WebP')
  const { width, height } = header
  if (width === 0 || height === 0) throw malformed()
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new Failure('INPUT_INVALID', 'image-too-large', MAX_PIXELS)
  }
  return header
}

function readPng(file: Uint8Array): ImageHeader | undefined {
  if (!startsWith(file, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return undefined
  if (tag(file, 12) !== 'IHDR' || file.byteLength < 33) throw malformed()
  const view = viewOf(file)
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) }
}

function readWebp(file: Uint8Array): ImageHeader | undefined {
  if (tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WEBP') return undefined
  if (file.byteLength < 30) throw malformed()
  const view = viewOf(file)
  switch (tag(file, 12)) {
    case 'VP8 ': // 14 bits each, the upper two are a scale
      return { format: 'webp', width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X': // 24 bits each
      return {
        format: 'webp',
        width: (view.getUint32(24, true) & 0xff_ffff) + 1,
        height: (view.getUint16(27, true) | (view.getUint8(29) << 16)) + 1,
      }
    default:
      throw malformed()
  }
}

function readJpeg(file: Uint8Array): ImageHeader | undefined {
  if (!startsWith(file, [0xff, 0xd8, 0xff])) return undefined
  const view = viewOf(file)
  for (let at = 2; at + 9 <= file.byteLength; ) {
    if (view.getUint8(at) !== 0xff) throw malformed()
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++ // a fill byte
      continue
    }
    if (isFrameStart(marker)) return { format: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    if (marker === 0xd9 || marker === 0xda) break // the end, or a scan before its frame
    at += 2 + view.getUint16(at + 2)
  }
  throw malformed()
}

/** SOF0 to SOF15; C4, C8 and CC mean other things. */
function isFrameStart(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function startsWith(file: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => file[at] === byte)
}

function tag(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4))
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength)
}

function malformed(): Failure {
  return new Failure('INPUT_INVALID', 'image-header')
}
