import { readImageHeader } from '../../packages/server/src/runtime/engine/media/image-header.ts'
import { files, type Seed, written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const WEBP = 'RIFF\0\0\0\0WEBP'
const TAIL = '\x0a\0\0\0\x2f\0\0\0\0\x9d\x01\x2a\x10\0\x10\0\0\0'

/** Pictures are large, and their heads are what is read. */
function heads(glob: string): Seed {
  const { take } = files(glob)
  return { glob, take: (file) => take(file).map((bytes) => bytes.slice(0, 2048)) }
}

export const target: FuzzTarget = {
  sources: ['packages/server/src/runtime/engine/media/image-header.ts'],
  seeds: [heads('samples/images/*'), written(...['VP8 ', 'VP8L', 'VP8X'].map((kind) => WEBP + kind + TAIL))],
  parse: readImageHeader,
  refuses: { Failure: ['INPUT_UNSUPPORTED', 'INPUT_INVALID'] },
}
