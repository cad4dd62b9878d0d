import { VerifierError } from '../../errors/verifier-error.ts'
import { type PcrSelection, readPcrSelections } from './pcr-selection.ts'
import { TpmReader } from './tpm-reader.ts'

/** "\xffTCG": no byte string that a restricted key signs on request may start so. Source: Part 2, section 6.2. */
const TPM_GENERATED = 0xff544347

/** TPM_ST_ATTEST_QUOTE. Source: Part 2, section 6.9. */
const ATTEST_QUOTE = 0x8018

/** The longest digest that a TPM has, SHA-512, and the number of its algorithm before it. */
const MOST_DIGEST_BYTES = 64
const MOST_HASHED_BYTES = 2 + MOST_DIGEST_BYTES

/** Time as the TPM counts it. Source: Part 2, section 10.11.1, "TPMS_CLOCK_INFO". */
export interface TpmClockInfo {
  /** Milliseconds that the TPM was powered, all boots together. */
  readonly clock: bigint
  /** Resets since the owner was cleared: one for each boot of a machine. */
  readonly resetCount: number
  /** Suspensions and the like since the last reset. */
  readonly restartCount: number
  /** False when `clock` may have been higher before. */
  readonly safe: boolean
}

/** What a TPM says in a quote. */
export interface TpmQuote {
  /** The signing key with all its parents; it cannot be checked without them. */
  readonly qualifiedSigner: Uint8Array
  /** What the caller asked it to sign along; up to 66 bytes. */
  readonly extraData: Uint8Array
  /** Counters of a key outside the endorsement hierarchy are blurred by a number of that key's own. */
  readonly clockInfo: TpmClockInfo
  readonly firmwareVersion: bigint
  /** The registers, bank by bank in the order of the digest. */
  readonly selections: readonly PcrSelection[]
  /** Over the values of those registers, by the hash of the signature. */
  readonly pcrDigest: Uint8Array
}

/**
 * Parses a quote: TPMS_ATTEST of the type TPM_ST_ATTEST_QUOTE. The bytes are what the signature covers.
 *
 * Source: TPM 2.0 Library, Part 2, section 10.12.12, with 10.12.4 (TPMS_QUOTE_INFO): magic at 0, type at 4, then fields of
 * no fixed place, big-endian.
 *
 * @param bytes - the structure, and nothing after it.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LONG`, `WRONG_VALUE`; {VerifierError} `TPM_NOT_GENERATED`,
 * `TPM_NOT_A_QUOTE`, `UNSUPPORTED_ALGORITHM`.
 */
export function parseTpmQuote(bytes: Uint8Array): TpmQuote {
  const r = new TpmReader('TPMS_ATTEST', bytes)
  const magic = r.u32('magic')
  if (magic !== TPM_GENERATED) throw new VerifierError('TPM_NOT_GENERATED', { actual: hexOf(magic, 8) })
  const type = r.u16('type')
  if (type !== ATTEST_QUOTE) throw new VerifierError('TPM_NOT_A_QUOTE', { actual: hexOf(type, 4) })
  const quote = {
    qualifiedSigner: r.sized(MOST_HASHED_BYTES, 'qualifiedSigner'),
    extraData: r.sized(MOST_HASHED_BYTES, 'extraData'),
    clockInfo: {
      clock: r.u64('clockInfo.clock'),
      resetCount: r.u32('clockInfo.resetCount'),
      restartCount: r.u32('clockInfo.restartCount'),
      safe: r.yesNo('clockInfo.safe'),
    },
    firmwareVersion: r.u64('firmwareVersion'),
    selections: readPcrSelections(r, 'pcrSelect'),
    pcrDigest: r.sized(MOST_DIGEST_BYTES, 'pcrDigest'),
  }
  r.end()
  return quote
}

function hexOf(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}
