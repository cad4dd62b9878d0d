import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CborReader } from '../../src/legacy/cbor-reader.ts'

const FOLDER = join(import.meta.dirname, '../../../../vectors/legacy')

/** The id that the recorded requests name. */
export const RECORDED_ID = '5e616e51-d6e1-4ffd-bc08-933167723336'

/** A request body as the Python client of BlindAI 0.6 wrote it. */
export function recorded(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, `${name}.cbor`)))
}

/** A reader of bytes that come in pieces of a length. */
export function readerOf(bytes: Uint8Array, pieceBytes = bytes.byteLength): CborReader {
  return new CborReader(
    (async function* () {
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
    })(),
  )
}

/** Bytes of hexadecimal digits; spaces are for the eye. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}
