import { unixSeconds } from '@blindai/core'
import { createMockAuthority } from '@blindai/simulator'
import { authority, NOW } from '../support/mock.ts'
import { endorsements, hex, later, otherKey, refuse, revokedBy } from '../support/refusal.ts'

const sibling = createMockAuthority({
  now: NOW,
  keys: { root: authority.keys.root },
  rootCertificate: authority.certificates.root,
})

refuse('refused for revocation', 'none', [
  {
    code: 'CRL_SIGNATURE_INVALID',
    check: 'dcap.root-crl',
    why: 'a root CRL signed by another key',
    changes: { rootCrl: (f) => ({ ...f, signingKey: otherKey }) },
  },
  {
    code: 'CRL_SIGNATURE_INVALID',
    check: 'dcap.pck-crl',
    why: 'a PCK CRL signed by another key',
    changes: { pckCrl: (f) => ({ ...f, signingKey: otherKey }) },
  },
  {
    code: 'CRL_ISSUER_MISMATCH',
    check: 'dcap.pck-crl',
    why: 'the root CRL in place of the PCK CRL',
    document: (d) => endorsements({ pckCrl: d.endorsements?.rootCaCrl })(d),
  },
  {
    code: 'CRL_ISSUER_MISMATCH',
    check: 'dcap.root-crl',
    why: 'the PCK CRL in place of the root CRL',
    document: (d) => endorsements({ rootCaCrl: d.endorsements?.pckCrl })(d),
  },
  {
    code: 'CRL_ISSUER_MISMATCH',
    check: 'dcap.pck-crl',
    why: 'a PCK CRL by another key of that name',
    changes: {
      pckCrl: (f) => ({ ...f, extensions: [{ oid: '2.5.29.35', critical: false, value: hex('3003800101') }] }),
    },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.pck-crl',
    why: 'a PCK CRL that expired',
    changes: { pckCrl: (f) => ({ ...f, nextUpdate: unixSeconds(NOW - 1) }) },
    details: { subject: 'PCK CRL' },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.root-crl',
    why: 'a root CRL that expired',
    changes: { rootCrl: (f) => ({ ...f, nextUpdate: unixSeconds(NOW - 1) }) },
    details: { subject: 'root CRL' },
  },
  {
    code: 'ENDORSEMENT_NOT_YET_VALID',
    check: 'dcap.root-crl',
    why: 'a root CRL from tomorrow',
    changes: { rootCrl: (f) => ({ ...f, thisUpdate: later }) },
  },
  {
    code: 'CRITICAL_EXTENSION_UNKNOWN',
    check: 'endorsements.form',
    why: 'a root CRL that covers only a part (issuingDistributionPoint)',
    changes: {
      rootCrl: (f) => ({
        ...f,
        extensions: [...f.extensions, { oid: '2.5.29.28', critical: true, value: hex('3000') }],
      }),
    },
    details: { oid: '2.5.29.28' },
  },
  {
    code: 'CERTIFICATE_REVOKED',
    check: 'dcap.revocation',
    why: 'a platform authority that the root revoked',
    changes: revokedBy('rootCrl', 'platformCaCertificate'),
    details: { subject: 'BlindAI Simulated PCK Platform CA' },
  },
  {
    code: 'CERTIFICATE_REVOKED',
    check: 'dcap.revocation',
    why: 'a PCK certificate that its authority revoked',
    changes: revokedBy('pckCrl', 'pckCertificate'),
    details: { subject: 'BlindAI Simulated PCK Certificate' },
  },
  {
    code: 'CERTIFICATE_REVOKED',
    check: 'dcap.tcb-signer',
    why: 'a TCB signer that the root revoked',
    changes: revokedBy('rootCrl', 'tcbSigningCertificate'),
    details: { subject: 'BlindAI Simulated TCB Signing' },
  },
  {
    code: 'ENDORSEMENTS_MISSING',
    check: 'endorsements.form',
    why: 'nothing stapled',
    document: (d) => ({ ...d, endorsements: undefined }),
  },
  {
    code: 'MISSING_MEMBER',
    check: 'endorsements.form',
    why: 'no PCK CRL',
    document: endorsements({ pckCrl: undefined }),
  },
  {
    code: 'NOT_DER',
    check: 'endorsements.form',
    why: 'an empty root CRL',
    document: endorsements({ rootCaCrl: '' }),
  },
  {
    code: 'UNKNOWN_MEMBER',
    check: 'endorsements.form',
    why: 'endorsements with a member that nobody knows',
    document: endorsements({ more: '' }),
  },
  {
    code: 'PCK_ISSUER_MISMATCH',
    check: 'dcap.pck-crl',
    why: 'a good list of another authority under the same root',
    document: endorsements({
      pckCrl: sibling.endorsements.pckCrl,
      pckCrlIssuerChain: sibling.endorsements.pckCrlIssuerChain,
    }),
  },
])
