import type { SnpEndorsements } from '@blindai/core'
import type { CertificateFields, CrlFields } from '../authority/certificate.ts'
import type { Change } from '../authority/changes.ts'
import type { SnpPlatform } from './platform.ts'
import type { SnpReportFields } from './report.ts'

/** The steps at which a test can make an authority do wrong. All that comes after a step follows from what it returned. */
export interface SnpChanges {
  /** What certificate and report are made from. */
  readonly platform?: Change<SnpPlatform>
  readonly arkCertificate?: Change<CertificateFields>
  readonly askCertificate?: Change<CertificateFields>
  readonly endorsementCertificate?: Change<CertificateFields>
  readonly crl?: Change<CrlFields>
  readonly report?: Change<SnpReportFields>
  /** The 672 bytes before they are signed: for reserved ones. */
  readonly reportBody?: Change<Uint8Array>
  /** The whole report once it is signed. */
  readonly reportBytes?: Change<Uint8Array>
  readonly endorsements?: Change<SnpEndorsements>
}
