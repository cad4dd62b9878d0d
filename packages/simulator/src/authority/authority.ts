import { createHash } from 'node:crypto'
import type { DcapEndorsements, UnixSeconds } from '@blindai/core'
import { type AuthorityKeys, type Certificates, completeKeys, issueCertificates, issueRoot } from './chain.ts'
import type { AuthorityChanges } from './changes.ts'
import { issueEndorsements } from './endorsements.ts'
import { makeQuote, type SimulatedMeasurements } from './make-quote.ts'
import { makeSgxQuote, type SimulatedEnclave } from './make-sgx-quote.ts'

/**
 * One authority in software: a root, the chain below it, and a platform that quotes. The simulator runs one under the
 * root that an installation keeps; tests run others and make them do wrong. None of them protects anything.
 */

/** The root, its keys, the time of issue and what to do wrong. */
export interface AuthorityOptions {
  readonly now: UnixSeconds
  /** Keys to use; new ones are made for the rest. */
  readonly keys?: Partial<AuthorityKeys>
  /** DER of an existing certificate of `keys.root`; a new one is issued without it. */
  readonly rootCertificate?: Uint8Array
  readonly changes?: AuthorityChanges
}

/** A root and everything below it. */
export interface Authority {
  /** Lower-case hex SHA-256 of the root certificate's DER. */
  readonly rootSha256: string
  readonly keys: AuthorityKeys
  readonly certificates: Certificates
  /** Endorsements issued at a time, with the next update 30 days later. */
  endorse(now: UnixSeconds): DcapEndorsements
  /** A TDX quote over 64 bytes of report data. */
  quote(reportData: Uint8Array, measurements: SimulatedMeasurements): Uint8Array
  /** Endorsements for SGX, as `endorse` gives them for TDX. */
  endorseSgx(now: UnixSeconds): DcapEndorsements
  /** An SGX quote over 64 bytes of report data. */
  quoteSgx(reportData: Uint8Array, enclave: SimulatedEnclave): Uint8Array
}

/** Makes an authority. */
export function createAuthority(options: AuthorityOptions): Authority {
  const { now, changes = {} } = options
  const keys = completeKeys(options.keys ?? {})
  const root = options.rootCertificate ?? issueRoot(keys.root, now, changes)
  const certificates = issueCertificates(keys, root, now, changes)
  return {
    rootSha256: createHash('sha256').update(root).digest('hex'),
    keys,
    certificates,
    endorse: (at) => issueEndorsements(keys, certificates, at, changes),
    quote: (reportData, measurements) => makeQuote(keys, certificates, reportData, measurements, changes),
    endorseSgx: (at) => issueEndorsements(keys, certificates, at, changes, 'sgx'),
    quoteSgx: (reportData, enclave) => makeSgxQuote(keys, certificates, reportData, enclave, changes),
  }
}
