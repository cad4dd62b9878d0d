import type { JsonObject } from '@blindai/core'
import type { CertificateFields, CrlFields } from './certificate.ts'
import type { EnclaveReport } from './enclave-report.ts'
import type { SgxQuoteHeader } from './make-sgx-quote.ts'
import type { QeReport, QuoteHeader, SignatureData, TdReport } from './quote.ts'
import type { PckPlatform } from './sgx-extension.ts'

/** Takes a value just before it is signed or written, and returns the one to use. */
export type Change<T> = (value: T) => T

/**
 * The steps at which a test can make an authority do wrong. All that comes after a step follows from what it returned:
 * a changed TD report is signed as changed. To break a signature, change `signatureData` or a certificate's `signingKey`.
 */
export interface AuthorityChanges {
  readonly rootCertificate?: Change<CertificateFields>
  readonly platformCaCertificate?: Change<CertificateFields>
  readonly pckCertificate?: Change<CertificateFields>
  readonly tcbSigningCertificate?: Change<CertificateFields>
  /** What the PCK certificate's SGX extensions say; TCB info and quote keep the platform's own values. */
  readonly pckPlatform?: Change<PckPlatform>
  readonly rootCrl?: Change<CrlFields>
  readonly pckCrl?: Change<CrlFields>
  readonly tcbInfo?: Change<JsonObject>
  /** The text that is signed, for what an object cannot hold: a member twice, other white space. */
  readonly tcbInfoText?: Change<string>
  readonly qeIdentity?: Change<JsonObject>
  readonly qeIdentityText?: Change<string>
  readonly quoteHeader?: Change<QuoteHeader>
  readonly tdReport?: Change<TdReport>
  /** The header of an SGX quote, and the report of its enclave. */
  readonly sgxQuoteHeader?: Change<SgxQuoteHeader>
  readonly enclaveReport?: Change<EnclaveReport>
  readonly qeReport?: Change<QeReport>
  readonly signatureData?: Change<SignatureData>
}

/** The changed value, or the value when nothing changes it. */
export function apply<T>(change: Change<T> | undefined, value: T): T {
  return change === undefined ? value : change(value)
}
