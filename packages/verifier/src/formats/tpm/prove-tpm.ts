import { toHex } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import type { TpmClaims, TpmEventLogClaims } from '../../result/tpm-claims.ts'
import { type BoundAk, bindAk, proveEkChain, type TpmFormat, type TpmTrust } from './bind-ak.ts'
import { parseTpmEndorsements } from './endorsements.ts'
import { explainTpmLog } from './event-log.ts'
import { type ParsedTpmEvidence, parseTpmEvidence, pcrClaims } from './evidence.ts'
import { objectAttributeNames } from './object-attributes.ts'
import { type PcrBanks, verifyPcrDigest } from './pcr-values.ts'
import { requireAttestationKey } from './public-area.ts'
import { requireSameScheme, verifyTpmSignature } from './signature.ts'

/** A quote with its registers, and what it is held against. */
export interface TpmEvidence {
  readonly format: TpmFormat
  readonly bytes: Uint8Array
  /** The log of the boot; undefined when none came. */
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
 * Proves a quote of a TPM 2.0: form, attestation key, signature, registers, event log. What vouches for the attestation key is found
 * here; where nothing does, the quote holds and proves nothing of a machine, and the trust class is `none`. Whether the policy
 * wants it is not asked here.
 *
 * Source: TPM 2.0 Library, Part 1, section 31 (attestation); Part 3, section 18.4.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveTpm(checks: CheckList, evidence: TpmEvidence): Promise<ProvedTpm> {
  const { format, trust } = evidence
  const parsed = await checks.prove('evidence.form', () => parseTpmEvidence(evidence.bytes))
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
  const eventLog = await proveEventLog(checks, banks, evidence.log)
  return {
    technology: 'tpm',
    trustClass: bound.trustClass,
    report: { reportData: quote.extraData, reportDataHash: 'SHA-256' },
    claims: { ...claimsOf(format, parsed, bound, ekRootSha256), ...(eventLog && { eventLog }) },
  }
}

/** A log that came along has to explain the registers that it measures into: what it says of them would be believed. */
async function proveEventLog(
  checks: CheckList,
  banks: PcrBanks,
  log: Uint8Array | undefined,
): Promise<TpmEventLogClaims | undefined> {
  if (log === undefined) return undefined
  return checks.prove('tpm.event-log', () => explainTpmLog(banks, log))
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
