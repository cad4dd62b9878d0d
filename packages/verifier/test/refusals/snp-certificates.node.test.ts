import { toBase64Url, toPem, unixSeconds } from '@blindai/core'
import {
  type CertificateFields,
  createMockSnpAuthority,
  generateKeyPair,
  generateRsaKeyPair,
  type KeyPair,
} from '@blindai/simulator'
import { NOW } from '../support/mock.ts'
import { CONSTRAINTS, KEY_USAGE, later, named, withExtension, without } from '../support/refusal.ts'
import { endorsed, hex, snpAuthority } from '../support/snp-mock.ts'
import { refuseSnp, type SnpRefusal } from '../support/snp-refusal.ts'

const otherAsk = generateRsaKeyPair()
const smallRsa = generateRsaKeyPair(2048)
const p256 = generateKeyPair()
const { certificates, endorsements, rootSha256 } = snpAuthority
const pem = (...ders: readonly Uint8Array[]): string => ders.map((der) => toPem('CERTIFICATE', der)).join('')
const spkiOf = (key: KeyPair): Uint8Array => new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }))

const malformed = (code: string, why: string, rest: Partial<SnpRefusal>): SnpRefusal => ({
  code,
  check: 'endorsements.form',
  why,
  ...rest,
})

refuseSnp('refused for the form of its endorsements', 'none', [
  malformed('MISSING_MEMBER', 'no certificate of a key', {
    changes: { endorsements: endorsed({ vcek: undefined }) },
    details: { member: 'vcek' },
  }),
  malformed('WRONG_VALUE', 'both a VCEK and a VLEK', {
    changes: { endorsements: endorsed({ vlek: endorsements.vcek }) },
  }),
  malformed('WRONG_VALUE', 'endorsements of Intel', { changes: { endorsements: endorsed({ type: 'dcap' }) } }),
  malformed('UNKNOWN_MEMBER', 'a member that nobody knows', { changes: { endorsements: endorsed({ ask: '' }) } }),
  malformed('NOT_PEM', 'a chain that is no PEM', { changes: { endorsements: endorsed({ chain: 'chain' }) } }),
  malformed('NOT_PEM', 'a chain of five certificates', {
    changes: { endorsements: endorsed({ chain: pem(...Array.from({ length: 5 }, () => certificates.ask)) }) },
  }),
  malformed('NOT_DER', 'a certificate with a byte after it', {
    changes: { endorsements: endorsed({ vcek: toBase64Url(Uint8Array.of(...certificates.endorsement, 0)) }) },
  }),
  malformed('NOT_DER', 'a revocation list that is cut', {
    changes: { endorsements: endorsed({ crl: toBase64Url(certificates.crl.slice(0, -1)) }) },
  }),
  malformed('UNSUPPORTED_VALUE', 'an authority with a key of 2048 bits', {
    changes: { askCertificate: (f) => ({ ...f, publicKey: spkiOf(smallRsa) }) },
  }),
  malformed('CRITICAL_EXTENSION_UNKNOWN', 'a critical extension that nobody knows', {
    changes: { endorsementCertificate: withExtension({ oid: '1.2.3', critical: true, value: hex('0500') }) },
  }),
])

const chain = (code: string, why: string, rest: Partial<SnpRefusal>): SnpRefusal => ({
  code,
  check: 'snp.chain',
  why,
  ...rest,
})

refuseSnp('refused for its chain', 'none', [
  {
    code: 'SIMULATED_ROOT_UNKNOWN',
    check: 'snp.root',
    why: 'the root of another installation',
    authority: createMockSnpAuthority({ now: NOW, keys: { ...snpAuthority.keys, ark: otherAsk } }),
  },
  {
    code: 'SIMULATED_NOT_ALLOWED',
    check: 'snp.root',
    why: 'simulated evidence where the policy allows none',
    policy: () => ({ version: 1, name: 'hardware only' }),
    details: { rootSha256 },
  },
  {
    code: 'SIMULATED_LABELLED_HARDWARE',
    check: 'snp.root',
    why: 'simulated evidence that calls itself hardware',
    format: 'sev-snp',
  },
  {
    code: 'ROOT_NOT_TRUSTED',
    check: 'snp.root',
    why: 'evidence that calls itself hardware, under a root that is not AMD',
    format: 'sev-snp',
    policy: () => ({ version: 1, name: 'hardware only' }),
  },
  chain('CHAIN_LENGTH_WRONG', 'a chain without its authority', {
    changes: { endorsements: endorsed({ chain: pem(certificates.ark) }) },
    details: { chain: 'VCEK chain', expected: 3, actual: 2 },
  }),
  chain('CHAIN_LENGTH_WRONG', 'a chain with a certificate too many', {
    changes: { endorsements: endorsed({ chain: pem(certificates.ask, certificates.ask, certificates.ark) }) },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'a leaf of another name', {
    changes: { endorsementCertificate: named('SEV-VCEK') },
    details: { position: 0, actual: 'SEV-VCEK' },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'an authority of another product', {
    changes: { askCertificate: named('BlindAI Simulated SEV-Genoa') },
    details: { position: 1 },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'the authority of VLEKs over a VCEK', {
    changes: { askCertificate: named('BlindAI Simulated SEV-VLEK-Milan') },
    details: { position: 1 },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'a root that names no product', {
    changes: { arkCertificate: named('BlindAI Simulated ARK') },
    details: { position: 2 },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a leaf signed by another authority', {
    changes: { endorsementCertificate: (f) => ({ ...f, signingKey: otherAsk }) },
    details: { subject: 'BlindAI Simulated SEV-VCEK' },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'an authority signed by another root', {
    changes: { askCertificate: (f) => ({ ...f, signingKey: otherAsk }) },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a leaf signed by a key of another kind', {
    changes: { endorsementCertificate: (f) => ({ ...f, signingKey: p256 }) },
  }),
  chain('ISSUER_MISMATCH', 'a leaf that names another issuer', {
    changes: { endorsementCertificate: (f) => ({ ...f, issuer: { ...f.issuer, commonName: 'another' } }) },
  }),
  chain('KEY_IDENTIFIER_MISMATCH', 'an authority issued by another key of the root', {
    changes: {
      askCertificate: withExtension({
        oid: '2.5.29.35',
        critical: false,
        value: hex(`30168014${'11'.repeat(20)}`),
      }),
    },
  }),
  chain('NOT_A_CA', 'an authority that is none', { changes: { askCertificate: without('2.5.29.19') } }),
  chain('UNEXPECTED_CA', 'a leaf that is an authority', {
    changes: { endorsementCertificate: withExtension(CONSTRAINTS('30030101ff')) },
  }),
  chain('PATH_TOO_LONG', 'a root that allows no authority below it', {
    changes: { arkCertificate: withExtension(CONSTRAINTS('30060101ff020100')) },
  }),
  chain('KEY_USAGE_MISSING', 'an authority that may not sign certificates', {
    changes: { askCertificate: withExtension(KEY_USAGE('03020102')) },
    details: { usage: 'keyCertSign' },
  }),
  chain('KEY_USAGE_MISSING', 'a leaf that says it may not sign', {
    changes: { endorsementCertificate: withExtension(KEY_USAGE('03020640')) },
    details: { usage: 'digitalSignature' },
  }),
  ...(['arkCertificate', 'askCertificate', 'endorsementCertificate'] as const).flatMap((certificate) => [
    chain('ENDORSEMENT_EXPIRED', `an expired ${certificate}`, {
      changes: { [certificate]: (f: CertificateFields) => ({ ...f, notAfter: unixSeconds(NOW - 1) }) },
    }),
    chain('ENDORSEMENT_NOT_YET_VALID', `a ${certificate} of tomorrow`, {
      changes: { [certificate]: (f: CertificateFields) => ({ ...f, notBefore: later }) },
    }),
  ]),
])
