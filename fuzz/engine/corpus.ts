import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { ROOT } from './root.ts'

/** The file of a target's corpus. */
export function corpusFile(name: string): string {
  return join(ROOT, 'fuzz/corpus', `${name}.br`)
}

/** What runs have found so far: inputs that reach what no seed reaches. Empty before the first run. */
export function readCorpus(name: string): readonly Uint8Array[] {
  const path = corpusFile(name)
  if (!existsSync(path)) return []
  const packed = brotliDecompressSync(readFileSync(path))
  const inputs: Uint8Array[] = []
  for (let at = 0; at < packed.byteLength; ) {
    const end = at + 4 + packed.readUInt32BE(at)
    inputs.push(new Uint8Array(packed.subarray(at + 4, end)))
    at = end
  }
  return inputs
}

/** Writes a corpus as one file: each input behind its length, all of it under Brotli, since inputs are much alike. */
export function writeCorpus(name: string, inputs: readonly Uint8Array[]): number {
  const parts = inputs.flatMap((input) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(input.byteLength)
    return [length, Buffer.from(input)]
  })
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 9 }
  const packed = brotliCompressSync(Buffer.concat(parts), { params })
  mkdirSync(dirname(corpusFile(name)), { recursive: true })
  writeFileSync(corpusFile(name), packed)
  return packed.byteLength
}
