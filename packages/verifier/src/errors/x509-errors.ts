import { formatUnixSeconds, type UnixSeconds } from '@blindai/core'
import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about certificates, their chains and revocation lists. */
export interface X509ErrorDetails {
  NOT_DER: { readonly field: string; readonly offset: number; readonly expected: string }
  NOT_PEM: { readonly field: string; readonly expected: string }
  UNSUPPORTED_ALGORITHM: { readonly field: string; readonly actual: string }
  DUPLICATE_EXTENSION: { readonly field: string; readonly oid: string }
  CRITICAL_EXTENSION_UNKNOWN: { readonly field: string; readonly oid: string }
  EXTENSION_MISSING: { readonly field: string; readonly oid: string }
  PUBLIC_KEY_INVALID: { readonly field: string }
  CHAIN_LENGTH_WRONG: { readonly chain: string; readonly expected: number; readonly actual: number }
  CERTIFICATE_ROLE_MISMATCH: {
    readonly chain: string
    readonly position: number
    readonly expected: string
    readonly actual: string
  }
  ISSUER_MISMATCH: { readonly subject: string; readonly expected: string; readonly actual: string }
  KEY_IDENTIFIER_MISMATCH: { readonly subject: string; readonly issuer: string }
  NOT_A_CA: { readonly subject: string }
  UNEXPECTED_CA: { readonly subject: string }
  PATH_TOO_LONG: { readonly subject: string; readonly limit: number; readonly actual: number }
  KEY_USAGE_MISSING: { readonly subject: string; readonly usage: string }
  CERTIFICATE_SIGNATURE_INVALID: { readonly subject: string; readonly issuer: string }
  CRL_SIGNATURE_INVALID: { readonly crl: string; readonly issuer: string }
  CRL_ISSUER_MISMATCH: { readonly crl: string; readonly expected: string; readonly actual: string }
  CERTIFICATE_REVOKED: { readonly subject: string; readonly serial: string; readonly revokedAt: UnixSeconds }
  ENDORSEMENT_NOT_YET_VALID: { readonly subject: string; readonly notBefore: UnixSeconds; readonly now: UnixSeconds }
  ENDORSEMENT_EXPIRED: { readonly subject: string; readonly notAfter: UnixSeconds; readonly now: UnixSeconds }
}

/** Messages, hints and answers of those codes. */
export const X509_ERRORS: AnswerCatalogue<X509ErrorDetails> = {
  NOT_DER: {
    answer: 'malformed',
    message: (d) => `${d.field} is not DER at byte ${d.offset}: expected ${d.expected}`,
    hint: 'Pass the bytes as their issuer signed them.',
  },
  NOT_PEM: {
    answer: 'malformed',
    message: (d) => `${d.field} is not a list of PEM certificates: expected ${d.expected}`,
    hint: 'Pass the certificates as RFC 7468 writes them, leaf first.',
  },
  UNSUPPORTED_ALGORITHM: {
    answer: 'malformed',
    message: (d) => `${d.field} uses ${d.actual}`,
    hint: 'Use keys and signatures of ECDSA on P-256 or P-384, of RSASSA-PSS by 4096 bits with SHA-384, or, for a TPM, of RSA by 2048 bits and more with SHA-256 or SHA-384.',
  },
  DUPLICATE_EXTENSION: {
    answer: 'malformed',
    message: (d) => `${d.field} has the extension ${d.oid} twice`,
    hint: 'Treat the certificate as forged.',
  },
  CRITICAL_EXTENSION_UNKNOWN: {
    answer: 'malformed',
    message: (d) => `${d.field} has the critical extension ${d.oid}, which is not understood`,
    hint: 'Update the verifier, or treat the certificate as forged.',
  },
  EXTENSION_MISSING: {
    answer: 'malformed',
    message: (d) => `${d.field} lacks the extension ${d.oid}`,
    hint: 'Pass the certificate that belongs into this place.',
  },
  PUBLIC_KEY_INVALID: {
    answer: 'malformed',
    message: (d) => `${d.field} is no key: not a point of its curve, or not a modulus`,
    hint: 'Treat the evidence as forged.',
  },
  CHAIN_LENGTH_WRONG: {
    answer: 'not-proved',
    message: (d) => `the ${d.chain} has ${d.actual} certificates; ${d.expected} are required`,
    hint: 'Staple the whole chain, leaf first, root last.',
  },
  CERTIFICATE_ROLE_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the ${d.chain} has "${d.actual}" at position ${d.position}, where "${d.expected}" belongs`,
    hint: 'Staple the chain of this endorsement, leaf first, root last.',
  },
  ISSUER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `${d.subject} names the issuer "${d.actual}"; the next certificate is "${d.expected}"`,
    hint: 'Staple the chain of this endorsement, leaf first, root last.',
  },
  KEY_IDENTIFIER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `${d.subject} was issued by another key of "${d.issuer}"`,
    hint: 'Staple the chain of this endorsement, leaf first, root last.',
  },
  NOT_A_CA: {
    answer: 'not-proved',
    message: (d) => `${d.subject} may not issue certificates`,
    hint: 'Treat the chain as forged.',
  },
  UNEXPECTED_CA: {
    answer: 'not-proved',
    message: (d) => `${d.subject} is a certificate authority in the place of a leaf`,
    hint: 'Treat the chain as forged.',
  },
  PATH_TOO_LONG: {
    answer: 'not-proved',
    message: (d) => `${d.subject} allows ${d.limit} authorities below it; there are ${d.actual}`,
    hint: 'Treat the chain as forged.',
  },
  KEY_USAGE_MISSING: {
    answer: 'not-proved',
    message: (d) => `the key of ${d.subject} may not be used for ${d.usage}`,
    hint: 'Treat the chain as forged.',
  },
  CERTIFICATE_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `${d.subject} is not signed by ${d.issuer}`,
    hint: 'Treat the chain as forged.',
  },
  CRL_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the ${d.crl} is not signed by ${d.issuer}`,
    hint: 'Fetch fresh endorsements.',
  },
  CRL_ISSUER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the ${d.crl} is of "${d.actual}", not of "${d.expected}"`,
    hint: 'Fetch the revocation list of the authority that issued the certificate.',
  },
  CERTIFICATE_REVOKED: {
    answer: 'not-proved',
    message: (d) => `${d.subject} with serial ${d.serial} was revoked at ${formatUnixSeconds(d.revokedAt)}`,
    hint: 'Do not use this platform; its operator has to renew its certificates with the vendor.',
  },
  ENDORSEMENT_NOT_YET_VALID: {
    answer: 'not-proved',
    message: (d) =>
      `the ${d.subject} is valid from ${formatUnixSeconds(d.notBefore)}; now is ${formatUnixSeconds(d.now)}`,
    hint: 'Check the clock behind `now`.',
  },
  ENDORSEMENT_EXPIRED: {
    answer: 'not-proved',
    message: (d) => `the ${d.subject} expired at ${formatUnixSeconds(d.notAfter)}; now is ${formatUnixSeconds(d.now)}`,
    hint: 'Fetch fresh endorsements, and check the clock behind `now`.',
  },
}
