/**
 * SHA-256 of the DER of the Intel SGX Root CA certificate, the anchor of SGX and TDX alike.
 *
 * Source: Intel's certificate, `vectors/attestation/tdx/intel-sgx-root-ca.der`; valid from 2018-05-21 to 2049-12-31.
 */
export const INTEL_SGX_ROOT_SHA256: string = '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3'

/** Common names of the certificates in their roles. A PCK comes from one of two authorities. */
export interface DcapRoleNames {
  readonly root: string
  readonly pckAuthorities: readonly string[]
  readonly pck: string
  readonly tcbSigning: string
}

/** Source: Intel SGX PCK Certificate and Certificate Revocation List Profile. */
export const INTEL_ROLE_NAMES: DcapRoleNames = {
  root: 'Intel SGX Root CA',
  pckAuthorities: ['Intel SGX PCK Platform CA', 'Intel SGX PCK Processor CA'],
  pck: 'Intel SGX PCK Certificate',
  tcbSigning: 'Intel SGX TCB Signing',
}

/** The same roles in software, under a root that an installation makes for itself. */
export const SIMULATED_ROLE_NAMES: DcapRoleNames = {
  root: 'BlindAI Simulated Root CA',
  pckAuthorities: ['BlindAI Simulated PCK Platform CA'],
  pck: 'BlindAI Simulated PCK Certificate',
  tcbSigning: 'BlindAI Simulated TCB Signing',
}
