import { CborReader } from '../../packages/server/src/legacy/cbor-reader.ts'
import { type LegacyRun, readDelete, readRun, readUpload } from '../../packages/server/src/legacy/read-requests.ts'
import { files } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

const MAX_BYTES = 1024 * 1024

/** A request comes in two pieces, cut where its first byte says; the request itself is of whichever kind it reads as. */
async function parse(bytes: Uint8Array): Promise<LegacyRun | string> {
  const cut = bytes[0] ?? 0
  const reader = (): CborReader => new CborReader(pieces(bytes, cut))
  // The second byte of a request is the length of its first member's name.
  const name = bytes[1]
  if (name === 0x65) return await uploaded(reader())
  return bytes[0] === 0xa1 ? await readDelete(reader()) : await readRun(reader(), MAX_BYTES)
}

async function* pieces(bytes: Uint8Array, cut: number): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, cut)
  yield bytes.subarray(cut)
}

async function uploaded(reader: CborReader): Promise<string> {
  let model = ''
  await readUpload(reader, MAX_BYTES, (piece) => {
    model += Buffer.from(piece).toString('latin1')
    return undefined
  })
  return model
}

export const target: FuzzTarget<LegacyRun | string> = {
  sources: ['packages/server/src/legacy/cbor-reader.ts', 'packages/server/src/legacy/read-requests.ts'],
  seeds: [files('vectors/legacy/*.cbor')],
  parse,
  refuses: {
    MalformedError: [
      ...['TRUNCATED', 'TRAILING_BYTES', 'TOO_LONG', 'NOT_UTF8', 'DUPLICATE_MEMBER', 'UNKNOWN_MEMBER'],
      ...['MISSING_MEMBER', 'WRONG_TYPE', 'WRONG_VALUE'],
    ],
    LegacyError: ['LEGACY_CBOR_UNSUPPORTED', 'LEGACY_CBOR_TOO_DEEP', 'LEGACY_MODEL_UNCLEAR', 'LEGACY_LENGTH_MISMATCH'],
  },
}
