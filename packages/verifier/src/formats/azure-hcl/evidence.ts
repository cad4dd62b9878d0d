import { fromUtf8, MalformedError, parseJson } from '@blindai/core'
import { ObjectReader } from '../../json/object-reader.ts'
import { readBanks } from '../tpm/evidence.ts'
import type { PcrBanks } from '../tpm/pcr-values.ts'
import { parseTpmQuote, type TpmQuote } from '../tpm/quote.ts'
import { parseTpmSignature, type TpmSignature } from '../tpm/signature.ts'
import { type HclReport, MAX_HCL_REPORT_BYTES, parseHclReport } from './hcl-report.ts'
import { parseRuntimeClaims, type RuntimeClaims } from './runtime-claims.ts'

/** The most bytes of the whole; with a TDX quote and two banks in full it has about 20,000. */
const MAX_EVIDENCE_BYTES = 65_536

const MOST_TD_QUOTE_BYTES = 32_768
const MOST_QUOTED_BYTES = 512
const MOST_SIGNATURE_BYTES = 1024

/** A paravisor's report and a quote of its virtual TPM, parsed and not yet believed. */
export interface ParsedHclEvidence {
  readonly report: HclReport
  readonly claims: RuntimeClaims
  /** Of a trust domain: the quote of its TD report. */
  readonly tdQuote: Uint8Array | undefined
  /** TPMS_ATTEST, to the byte. */
  readonly quoted: Uint8Array
  readonly quote: TpmQuote
  readonly signature: TpmSignature
  readonly banks: PcrBanks
}

/**
 * Parses the bytes of Azure evidence: strict UTF-8 JSON `{ version: 1, report, tdQuote?, quoted, signature, pcrs }`. The first
 * four are base64url of the paravisor's report, an Intel TDX quote (where the hardware is TDX), TPMS_ATTEST and TPMT_SIGNATURE;
 * `pcrs` is as in evidence of the format `tpm`. Why so: `docs/decisions/2026-11-27-azure-hcl-evidence.md`.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of `parseJson`, `ObjectReader` and the parts.
 */
export function parseHclEvidence(bytes: Uint8Array): ParsedHclEvidence {
  const field = 'Azure evidence'
  if (bytes.byteLength > MAX_EVIDENCE_BYTES) {
    throw new MalformedError('TOO_LONG', { field, length: bytes.byteLength, limit: MAX_EVIDENCE_BYTES })
  }
  const r = new ObjectReader(field, parseJson(field, fromUtf8(field, bytes)))
  r.integer('version', 1, 1)
  const report = parseHclReport(r.bytes('report', { most: MAX_HCL_REPORT_BYTES }))
  const quoted = r.bytes('quoted', { most: MOST_QUOTED_BYTES })
  const evidence = {
    report,
    claims: parseRuntimeClaims(report.runtimeClaims),
    // An SEV-SNP report is signed itself: a quote beside it is refused as a member that nobody reads.
    tdQuote: report.hardware === 'tdx' ? r.bytes('tdQuote', { most: MOST_TD_QUOTE_BYTES }) : undefined,
    quoted,
    quote: parseTpmQuote(quoted),
    signature: parseTpmSignature(r.bytes('signature', { most: MOST_SIGNATURE_BYTES })),
    banks: readBanks(r.object('pcrs')),
  }
  r.end()
  return evidence
}
