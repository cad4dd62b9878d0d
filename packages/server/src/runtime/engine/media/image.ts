import { createRequire } from 'node:module'
import { asFailure, Failure } from '../failure.ts'
import { type ImageHeader, MAX_PIXELS, readImageHeader } from './image-header.ts'

/** Rows of RGB, eight bits each. */
export interface Pixels {
  readonly pixels: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** libvips' loaders of the three formats; all others are blocked. Source: libvips, "VipsForeignLoad". */
const LOADERS = ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer']

/** The part of sharp that is used. */
interface Sharp {
  (file: Uint8Array, options: object): SharpImage
  block(what: { operation: readonly string[] }): void
  unblock(what: { operation: readonly string[] }): void
  cache(keep: boolean): void
  concurrency(threads: number): void
}
interface SharpImage {
  rotate(): SharpImage
  removeAlpha(): SharpImage
  toColourspace(space: string): SharpImage
  raw(): SharpImage
  toBuffer(options: {
    resolveWithObject: true
  }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>
}

let loaded: Sharp | undefined

/** Loads sharp, the copy that transformers has: two libvips in one process would be one too many. */
export function loadSharp(threads: number): void {
  const required: unknown = createRequire(import.meta.resolve('@huggingface/transformers'))('sharp')
  if (!isSharp(required)) throw new TypeError('sharp is not the function that it was')
  required.cache(false)
  required.concurrency(threads)
  required.block({ operation: ['VipsForeignLoad'] })
  required.unblock({ operation: LOADERS })
  loaded = required
}

/**
 * Decodes a JPEG, PNG or WebP, turned as its EXIF orientation says, without its transparency.
 *
 * @throws {Failure} as `readImageHeader`; `INPUT_INVALID` `image-undecodable`.
 */
export async function decodeImage(file: Uint8Array): Promise<Pixels> {
  const header: ImageHeader = readImageHeader(file)
  if (loaded === undefined) throw new Failure('INPUT_UNSUPPORTED', 'image-decoder')
  try {
    const options = { limitInputPixels: MAX_PIXELS, failOn: 'truncated', sequentialRead: true, animated: false }
    const { data, info } = await loaded(file, options)
      .rotate()
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== 3 || data.byteLength !== 3 * info.width * info.height) {
      throw new Failure('INPUT_INVALID', 'image-undecodable', header.format)
    }
    const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength)
    return { pixels, width: info.width, height: info.height }
  } catch (error) {
    throw asFailure(error, 'INPUT_INVALID', 'image-undecodable')
  }
}

function isSharp(value: unknown): value is Sharp {
  return typeof value === 'function' && 'block' in value && 'unblock' in value
}
