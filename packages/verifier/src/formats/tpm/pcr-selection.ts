import { MalformedError } from '@blindai/core'
import type { SignatureHash } from '../../crypto/public-key.ts'
import { readHash } from './algorithms.ts'
import type { TpmReader } from './tpm-reader.ts'

/** The registers of a TPM, numbered from 0. Source: PC Client Platform TPM Profile, section 4.6: 24 of them. */
export const PCRS = 24

/** Source: Part 2, section 10.6.1 and 10.6.2: PCR_SELECT_MIN and PCR_SELECT_MAX of a PC. */
const SELECT_BYTES = PCRS / 8

/** Source: Part 2, section 10.9.7: no more banks than hashes. */
const MOST_BANKS = 16

/** The registers of one bank that a quote is over. */
export interface PcrSelection {
  readonly bank: SignatureHash
  /** Ascending. */
  readonly pcrs: readonly number[]
}

/**
 * Reads TPML_PCR_SELECTION: which registers, bank by bank.
 *
 * Source: TPM 2.0 Library, Part 2, sections 10.6.2 (TPMS_PCR_SELECTION) and 10.9.7. Bit n of octet m is register 8m + n.
 *
 * @throws {MalformedError} `TOO_LONG`, `WRONG_VALUE`, `TRUNCATED`; {VerifierError} `UNSUPPORTED_ALGORITHM`.
 */
export function readPcrSelections(r: TpmReader, field: string): readonly PcrSelection[] {
  const count = r.u32(`${field} count`)
  if (count > MOST_BANKS) {
    throw new MalformedError('TOO_LONG', { field: r.path(`${field} count`), length: count, limit: MOST_BANKS })
  }
  const selections: PcrSelection[] = []
  for (let i = 0; i < count; i++) selections.push(readSelection(r, `${field}[${i}]`))
  if (new Set(selections.map(({ bank }) => bank)).size === selections.length) return selections
  throw new MalformedError('WRONG_VALUE', { field: r.path(field), expected: 'a list that names each bank once' })
}

function readSelection(r: TpmReader, field: string): PcrSelection {
  const bank = readHash(r, `${field} hash`)
  const size = r.u8(`${field} sizeofSelect`)
  if (size !== SELECT_BYTES) {
    throw new MalformedError('WRONG_VALUE', { field: r.path(`${field} sizeofSelect`), expected: String(SELECT_BYTES) })
  }
  const octets = r.bytes(size, `${field} pcrSelect`)
  const pcrs: number[] = []
  octets.forEach((octet, m) => {
    for (let n = 0; n < 8; n++) if ((octet & (1 << n)) !== 0) pcrs.push(8 * m + n)
  })
  return { bank, pcrs }
}
