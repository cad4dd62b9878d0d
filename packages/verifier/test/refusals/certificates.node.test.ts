import { concatBytes, derInteger, derOctetString, derOid, derSequence, unixSeconds } from '@blindai/core'
import { type CertificateFields, createMockAuthority } from '@blindai/simulator'
import { authority, NOW, REFERENCE, type Wrong } from '../support/mock.ts'
import {
  CONSTRAINTS,
  earlier,
  endorsements,
  hex,
  KEY_USAGE,
  later,
  named,
  otherKey,
  otherRoot,
  refuse,
  rootPem,
  signature,
  withExtension,
  without,
} from '../support/refusal.ts'

const SGX = '1.2.840.113741.1.13.1'
const sgxExtension = (...entries: readonly Uint8Array[]) => ({
  oid: SGX,
  critical: false,
  value: derSequence(...entries),
})
const sgxEntry = (arc: string, value: Uint8Array): Uint8Array => derSequence(derOid(`${SGX}.${arc}`), value)
const FMSPC = sgxEntry('4', derOctetString(new Uint8Array(6)))

refuse('refused for its root', 'none', [
  {
    code: 'ROOTS_DIFFER',
    check: 'dcap.tcb-signer',
    why: 'TCB info under another root',
    document: endorsements({ tcbInfoIssuerChain: otherRoot.endorsements.tcbInfoIssuerChain }),
  },
  {
    code: 'ROOTS_DIFFER',
    check: 'dcap.tcb-signer',
    why: 'QE identity under another root',
    document: endorsements({ qeIdentityIssuerChain: otherRoot.endorsements.qeIdentityIssuerChain }),
  },
  {
    code: 'ROOTS_DIFFER',
    check: 'dcap.pck-crl',
    why: 'the PCK CRL under another root',
    document: endorsements({ pckCrlIssuerChain: otherRoot.endorsements.pckCrlIssuerChain }),
  },
])

refuse('refused for its certificates', 'none', [
  {
    code: 'CHAIN_LENGTH_WRONG',
    check: 'dcap.pck-chain',
    why: 'a PCK chain with a certificate twice',
    changes: {
      signatureData: signature(({ pckChain }) => {
        const [first = ''] =
          new TextDecoder().decode(pckChain).match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/) ?? []
        return { pckChain: concatBytes(new TextEncoder().encode(first), pckChain) }
      }),
    },
  },
  {
    code: 'CHAIN_LENGTH_WRONG',
    check: 'dcap.tcb-signer',
    why: 'a TCB signing chain that is only the root',
    document: endorsements({ tcbInfoIssuerChain: rootPem() }),
  },
  {
    code: 'CERTIFICATE_ROLE_MISMATCH',
    check: 'dcap.pck-chain',
    why: 'a leaf that is no PCK certificate by its name',
    changes: { pckCertificate: named('BlindAI Simulated TCB Signing') },
  },
  {
    code: 'CERTIFICATE_ROLE_MISMATCH',
    check: 'dcap.pck-chain',
    why: 'a leaf with a name of Intel under a simulated root',
    changes: { pckCertificate: named('Intel SGX PCK Certificate') },
  },
  {
    code: 'CERTIFICATE_ROLE_MISMATCH',
    check: 'dcap.tcb-signer',
    why: 'a PCK certificate in place of the TCB signer',
    changes: { tcbSigningCertificate: named('BlindAI Simulated PCK Certificate') },
  },
  {
    code: 'ISSUER_MISMATCH',
    check: 'dcap.pck-chain',
    why: 'a leaf that names another issuer',
    changes: { pckCertificate: (f) => ({ ...f, issuer: { ...f.issuer, commonName: 'Another CA' } }) },
  },
  {
    code: 'KEY_IDENTIFIER_MISMATCH',
    check: 'dcap.pck-chain',
    why: 'a leaf that was issued by another key of that name',
    changes: { pckCertificate: withExtension({ oid: '2.5.29.35', critical: false, value: hex('3003800101') }) },
  },
  {
    code: 'NOT_A_CA',
    check: 'dcap.pck-chain',
    why: 'an authority without basicConstraints',
    changes: { platformCaCertificate: without('2.5.29.19') },
  },
  {
    code: 'NOT_A_CA',
    check: 'dcap.pck-chain',
    why: 'an authority that says it is none',
    changes: { platformCaCertificate: withExtension(CONSTRAINTS('3000')) },
  },
  {
    code: 'UNEXPECTED_CA',
    check: 'dcap.pck-chain',
    why: 'a leaf that may issue certificates',
    changes: { pckCertificate: withExtension(CONSTRAINTS('30030101ff')) },
  },
  {
    code: 'KEY_USAGE_MISSING',
    check: 'dcap.pck-chain',
    why: 'an authority whose key may not sign certificates',
    changes: { platformCaCertificate: withExtension(KEY_USAGE('03020102')) },
    details: { usage: 'keyCertSign' },
  },
  {
    code: 'KEY_USAGE_MISSING',
    check: 'dcap.pck-chain',
    why: 'a leaf whose key may not sign data',
    changes: { pckCertificate: withExtension(KEY_USAGE('03020640')) },
    details: { usage: 'digitalSignature' },
  },
  {
    code: 'KEY_USAGE_MISSING',
    check: 'dcap.pck-chain',
    why: 'a leaf that says nothing of what its key may do',
    changes: { pckCertificate: without('2.5.29.15') },
  },
  {
    code: 'KEY_USAGE_MISSING',
    check: 'dcap.pck-crl',
    why: 'an authority whose key may not sign revocation lists',
    changes: { platformCaCertificate: withExtension(KEY_USAGE('03020204')) },
    details: { usage: 'cRLSign' },
  },
  {
    code: 'CERTIFICATE_SIGNATURE_INVALID',
    check: 'dcap.pck-chain',
    why: 'a leaf signed by another key',
    changes: { pckCertificate: (f) => ({ ...f, signingKey: otherKey }) },
  },
  {
    code: 'CERTIFICATE_SIGNATURE_INVALID',
    check: 'dcap.pck-chain',
    why: 'an authority signed by another key',
    changes: { platformCaCertificate: (f) => ({ ...f, signingKey: otherKey }) },
  },
  {
    code: 'CERTIFICATE_SIGNATURE_INVALID',
    check: 'dcap.tcb-signer',
    why: 'a TCB signer signed by another key',
    changes: { tcbSigningCertificate: (f) => ({ ...f, signingKey: otherKey }) },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.pck-chain',
    why: 'a PCK certificate that expired a second ago',
    changes: { pckCertificate: (f) => ({ ...f, notAfter: unixSeconds(NOW - 1) }) },
    details: { subject: 'BlindAI Simulated PCK Certificate', notAfter: NOW - 1, now: NOW },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.pck-chain',
    why: 'an authority that expired',
    changes: { platformCaCertificate: (f) => ({ ...f, notAfter: earlier }) },
    details: { subject: 'BlindAI Simulated PCK Platform CA' },
  },
  {
    code: 'ENDORSEMENT_NOT_YET_VALID',
    check: 'dcap.pck-chain',
    why: 'a PCK certificate from tomorrow',
    changes: { pckCertificate: (f) => ({ ...f, notBefore: later }) },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.tcb-signer',
    why: 'a TCB signer that expired',
    changes: { tcbSigningCertificate: (f) => ({ ...f, notAfter: earlier }) },
    details: { subject: 'BlindAI Simulated TCB Signing' },
  },
  {
    code: 'CRITICAL_EXTENSION_UNKNOWN',
    check: 'evidence.form',
    why: 'a leaf with a critical extension that nobody knows',
    changes: { pckCertificate: withExtension({ oid: '1.2.3.4', critical: true, value: hex('0500') }) },
    details: { oid: '1.2.3.4' },
  },
  {
    code: 'DUPLICATE_EXTENSION',
    check: 'evidence.form',
    why: 'a leaf with an extension twice',
    changes: { pckCertificate: (f) => ({ ...f, extensions: [...f.extensions, ...f.extensions.slice(0, 1)] }) },
  },
  {
    code: 'EXTENSION_MISSING',
    check: 'dcap.pck-chain',
    why: 'a PCK certificate that says nothing of its platform',
    changes: { pckCertificate: without('1.2.840.113741.1.13.1') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'dcap.pck-chain',
    why: 'an SGX component of 256',
    changes: { pckPlatform: (p) => ({ ...p, sgxTcbComponents: p.sgxTcbComponents.with(0, 256) }) },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'dcap.pck-chain',
    why: 'an SGX extension that nobody knows',
    changes: { pckCertificate: withExtension(sgxExtension(sgxEntry('8', derInteger(0)))) },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'dcap.pck-chain',
    why: 'an SGX extension of another family',
    changes: { pckCertificate: withExtension(sgxExtension(derSequence(derOid('1.2.3'), derInteger(0)))) },
  },
  {
    code: 'DUPLICATE_EXTENSION',
    check: 'dcap.pck-chain',
    why: 'a platform family twice',
    changes: { pckCertificate: withExtension(sgxExtension(FMSPC, FMSPC)) },
  },
  {
    code: 'EXTENSION_MISSING',
    check: 'dcap.pck-chain',
    why: 'SGX extensions without the TCB',
    changes: { pckCertificate: withExtension(sgxExtension(FMSPC)) },
    details: { oid: '1.2.840.113741.1.13.1.2' },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'a serial number of 21 bytes',
    changes: { pckCertificate: (f) => ({ ...f, serial: new Uint8Array(21).fill(0x42) }) },
    details: { field: 'PCK chain[0] serialNumber' },
  },
  {
    code: 'PATH_TOO_LONG',
    check: 'dcap.pck-chain',
    why: 'a root that allows no authority below it',
    ...underRoot((fields) => withExtension(CONSTRAINTS('30060101ff020100'))(fields)),
    details: { subject: 'BlindAI Simulated Root CA', limit: 0, actual: 1 },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'dcap.pck-chain',
    why: 'a root that expired',
    ...underRoot((fields) => ({ ...fields, notAfter: unixSeconds(NOW - 1) })),
    details: { subject: 'BlindAI Simulated Root CA' },
  },
])

/** A root with one thing wrong, which the policy names all the same. */
function underRoot(rootCertificate: (fields: CertificateFields) => CertificateFields): Wrong {
  const changes = { rootCertificate }
  const wrong = createMockAuthority({ now: NOW, keys: authority.keys, changes })
  const simulated = { rootSha256: [wrong.rootSha256], measurements: [REFERENCE] }
  return { authority: wrong, policy: (policy) => ({ ...policy, simulated }) }
}
