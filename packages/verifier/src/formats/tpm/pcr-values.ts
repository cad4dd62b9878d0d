import { digest, equalBytes, joinBytes, toHex } from '@blindai/core'
import type { SignatureHash } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { TpmQuote } from './quote.ts'

/** Values of registers by number, bank by bank. */
export type PcrBanks = ReadonlyMap<SignatureHash, ReadonlyMap<number, Uint8Array>>

/**
 * Checks that values are those that a quote is over: of each selected register one, of no other any, and their digest the
 * quote's. A value beside the selection would be nobody's word.
 *
 * Source: TPM 2.0 Library, Part 3, section 18.4 (TPM2_Quote): the digest is over the values in the order of the selection,
 * within a bank ascending, by the hash of the signing scheme.
 *
 * @param hash - of the signature.
 * @throws {VerifierError} `TPM_PCR_MISSING`, `TPM_PCR_NOT_QUOTED`, `TPM_PCR_DIGEST_MISMATCH`.
 */
export async function verifyPcrDigest(quote: TpmQuote, hash: SignatureHash, banks: PcrBanks): Promise<void> {
  const values: Uint8Array[] = []
  for (const { bank, pcrs } of quote.selections) {
    for (const pcr of pcrs) {
      const value = banks.get(bank)?.get(pcr)
      if (value === undefined) throw new VerifierError('TPM_PCR_MISSING', { bank, pcr })
      values.push(value)
    }
  }
  refuseOthers(quote, banks)
  const actual = await digest(hash, joinBytes(values))
  if (equalBytes(actual, quote.pcrDigest)) return
  throw new VerifierError('TPM_PCR_DIGEST_MISMATCH', { expected: toHex(quote.pcrDigest), actual: toHex(actual) })
}

function refuseOthers({ selections }: TpmQuote, banks: PcrBanks): void {
  for (const [bank, values] of banks) {
    for (const pcr of values.keys()) {
      const isQuoted = selections.some((selection) => selection.bank === bank && selection.pcrs.includes(pcr))
      if (!isQuoted) throw new VerifierError('TPM_PCR_NOT_QUOTED', { bank, pcr })
    }
  }
}
