import { fromHex, toHex, type UnixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { ObjectReader } from '../json/object-reader.ts'
import { parseTimestamp } from '../time.ts'
import type { EnclaveReport } from './enclave-report.ts'
import { readSvnLevels, type SvnLevel } from './tcb-info.ts'

/** What Intel says of a quoting enclave. Hex is lower case. */
export interface QeIdentity {
  readonly id: 'QE' | 'TD_QE'
  readonly issueDate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly tcbEvaluationDataNumber: number
  readonly miscSelect: string
  readonly miscSelectMask: string
  readonly attributes: string
  readonly attributesMask: string
  readonly mrSigner: string
  readonly isvProdId: number
  /** Highest version first. */
  readonly levels: readonly SvnLevel[]
}

const MAX_SHORT_TEXT = 64

/**
 * Reads the `enclaveIdentity` member, version 2. Members that are not known here are left alone: the text is signed.
 *
 * Source: Intel PCS API v4, "Get Quoting Enclave Identity".
 *
 * @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`, `MISSING_MEMBER`, `NOT_HEX`, `WRONG_LENGTH`, `TOO_LONG`.
 */
export function readQeIdentity(value: unknown): QeIdentity {
  const r = new ObjectReader('enclaveIdentity', value)
  r.integer('version', 2, 2)
  return {
    id: r.word('id', ['QE', 'TD_QE']),
    issueDate: parseTimestamp('enclaveIdentity.issueDate', r.string('issueDate', MAX_SHORT_TEXT)),
    nextUpdate: parseTimestamp('enclaveIdentity.nextUpdate', r.string('nextUpdate', MAX_SHORT_TEXT)),
    tcbEvaluationDataNumber: r.integer('tcbEvaluationDataNumber', 0, 0xffff_ffff),
    miscSelect: r.hex('miscselect', 4),
    miscSelectMask: r.hex('miscselectMask', 4),
    attributes: r.hex('attributes', 16),
    attributesMask: r.hex('attributesMask', 16),
    mrSigner: r.hex('mrsigner', 32),
    isvProdId: r.integer('isvprodid', 0, 0xffff),
    levels: readSvnLevels(r),
  }
}

/**
 * Checks that a report is of the quoting enclave that the identity describes; its version is for the TCB to judge.
 *
 * Source: Intel SGX and TDX DCAP Quote Verification Library, 4.1.2.9.
 *
 * @throws {VerifierError} `QE_MISCSELECT_MISMATCH`, `QE_ATTRIBUTES_MISMATCH`, `QE_MRSIGNER_MISMATCH`,
 * `QE_ISVPRODID_MISMATCH`.
 */
export function matchQeIdentity(report: EnclaveReport, identity: QeIdentity): void {
  // The identity spells MISCSELECT as the bytes of the report, so both are compared as bytes.
  const miscSelect = masked(report.miscSelect, identity.miscSelectMask)
  if (miscSelect !== identity.miscSelect) {
    const facts = { field: 'MISCSELECT', expected: identity.miscSelect, actual: miscSelect }
    throw new VerifierError('QE_MISCSELECT_MISMATCH', facts)
  }
  const attributes = masked(report.attributes, identity.attributesMask)
  if (attributes !== identity.attributes) {
    const facts = { field: 'ATTRIBUTES', expected: identity.attributes, actual: attributes }
    throw new VerifierError('QE_ATTRIBUTES_MISMATCH', facts)
  }
  const mrSigner = toHex(report.mrSigner)
  if (mrSigner !== identity.mrSigner) {
    throw new VerifierError('QE_MRSIGNER_MISMATCH', {
      field: 'MRSIGNER',
      expected: identity.mrSigner,
      actual: mrSigner,
    })
  }
  if (report.isvProdId !== identity.isvProdId) {
    const facts = { field: 'ISVPRODID', expected: String(identity.isvProdId), actual: String(report.isvProdId) }
    throw new VerifierError('QE_ISVPRODID_MISMATCH', facts)
  }
}

function masked(bytes: Uint8Array, mask: string): string {
  const maskBytes = fromHex('mask', mask)
  return toHex(bytes.map((byte, i) => byte & (maskBytes[i] ?? 0)))
}
