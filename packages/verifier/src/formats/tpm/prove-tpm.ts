import { MalformedError, toHex } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import type { TpmClaims } from '../../result/tpm-claims.ts'
import { type BoundAk, bindAk, proveEkChain, type TpmFormat, type TpmTrust } from './bind-ak.ts'
import { parseTpmEndorsements } from './endorsements.ts'
import { type ParsedTpmEvidence, parseTpmEvidence, pcrClaims } from './evidence.ts'
import { objectAttributeNames } from './object-attributes.ts'
import { verifyPcrDigest } from './pcr-values.ts'
import { requireAttestationKey } from './public-area.ts'
import { requireSameScheme, verifyTpmSignature } from './signature.ts'

/** A quote with its registers, and what it is held against. */
export interface TpmEvidence {
  readonly format: TpmFormat
  readonly bytes: Uint8Array
  readonly log: Uint8Array | undefined
  readonly endorsements: unknown
  readonly trust: TpmTrust
}

/** What a quote proves. */
export interface ProvedTpm {
  readonly technology: 'tpm'
  readonly trustClass: BoundAk['trustClass']
  /** A quote carries up to 66 bytes of its asker's: here the SHA-256 of the report data. */
  readonly report: { readonly reportData: Uint8Array; readonly reportDataHash: 'SHA-256' }
  readonly claims: TpmClaims
}

/**
 * Proves a quote of a TPM 2.0: form, attestation key, signature, registers. What vouches for the attestation key is found
 * here; where nothing does, the quote holds and proves nothing of a machine, and the trust class is `none`. Whether the policy
 * wants it is not asked here.
 *
 * Source: TPM 2.0 Library, Part 1, section 31 (attestation); Part 3, section 18.4.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveTpm(checks: CheckList, evidence: TpmEvidence): Promise<ProvedTpm> {
  const { format, trust } = evidence
  const parsed = await checks.prove('evidence.form', () => {
    refuseLog(evidence.log)
    return parseTpmEvidence(evidence.bytes)
  })
  const { ak, quote, quoted, signature, banks } = parsed
  const endorsements = await checks.prove('endorsements.form', () =>
    evidence.endorsements === undefined ? undefined : parseTpmEndorsements(evidence.endorsements),
  )
  if (endorsements === undefined) checks.skip('endorsements.form')
  const scheme = await checks.prove('tpm.ak-attributes', () => requireAttestationKey(ak))
  const bound = await bindAk(checks, format, ak, endorsements?.ak, trust)
  const ekRootSha256 = await proveEkChain(checks, format, endorsements?.ek, trust)
  await checks.prove('tpm.quote-signature', async () => {
    requireSameScheme(scheme, signature)
    await verifyTpmSignature('attestation key', ak.key, signature, quoted)
  })
  await checks.prove('tpm.pcr-digest', () => verifyPcrDigest(quote, signature.hash, banks))
  return {
    technology: 'tpm',
    trustClass: bound.trustClass,
    report: { reportData: quote.extraData, reportDataHash: 'SHA-256' },
    claims: claimsOf(format, parsed, bound, ekRootSha256),
  }
}

/** What is sent and read by nobody would look like a proof. */
function refuseLog(log: Uint8Array | undefined): void {
  if (log === undefined) return
  throw new MalformedError('UNKNOWN_MEMBER', { field: 'evidence', member: 'log' })
}

function claimsOf(
  format: TpmFormat,
  { ak, quote, signature, banks }: ParsedTpmEvidence,
  { name, boundBy, rootSha256 }: BoundAk,
  ekRootSha256: string | undefined,
): TpmClaims {
  const { clock, resetCount, restartCount, safe } = quote.clockInfo
  return {
    format,
    ...(rootSha256 && { rootSha256 }),
    reportData: toHex(quote.extraData),
    attestationKey: {
      name,
      ...(boundBy && { boundBy }),
      attributeNames: objectAttributeNames(ak.attributes),
      signature: `${signature.scheme} with ${signature.hash}`,
    },
    ...(ekRootSha256 && { ekRootSha256 }),
    qualifiedSigner: toHex(quote.qualifiedSigner),
    firmwareVersion: quote.firmwareVersion.toString(16).padStart(16, '0'),
    clock: { milliseconds: clock.toString(), resetCount, restartCount, safe },
    pcrs: pcrClaims(banks),
  }
}
