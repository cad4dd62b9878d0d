import { unixSeconds } from '@blindai/core'
import { type CrlFields, generateKeyPair, generateRsaKeyPair, type KeyPair } from '@blindai/simulator'
import { DAY, NOW } from '../support/mock.ts'
import { earlier, withExtension, without } from '../support/refusal.ts'
import { endorsed, hex } from '../support/snp-mock.ts'
import { refuseSnp, type SnpRefusal } from '../support/snp-refusal.ts'

/** Source of the identifiers: AMD 57230, "VCEK Certificate Definition". */
const AMD = '1.3.6.1.4.1.3704.1.'
const otherAsk = generateRsaKeyPair()
const p256 = generateKeyPair()
const spkiOf = (key: KeyPair): Uint8Array => new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }))
const amd = (arc: string, value: string) => withExtension({ oid: `${AMD}${arc}`, critical: false, value: hex(value) })
const revoked = (serial: number) => ({
  crl: (fields: CrlFields) => ({
    ...fields,
    revoked: [{ serial: Uint8Array.of(serial), date: earlier, reason: 1 }],
  }),
})

refuseSnp('refused for its revocation list', 'none', [
  {
    code: 'SNP_CRL_MISSING',
    check: 'snp.crl',
    why: 'no list',
    changes: { endorsements: endorsed({ crl: undefined }) },
    details: { issuer: 'BlindAI Simulated ARK-Milan' },
  },
  {
    code: 'CRL_SIGNATURE_INVALID',
    check: 'snp.crl',
    why: 'a list signed by another key',
    changes: { crl: (f) => ({ ...f, signingKey: otherAsk }) },
  },
  {
    code: 'CRL_SIGNATURE_INVALID',
    check: 'snp.crl',
    why: 'a forged list, though the policy does not require one',
    wanted: { requireCrl: false },
    changes: { crl: (f) => ({ ...f, signingKey: otherAsk }) },
  },
  {
    code: 'CRL_ISSUER_MISMATCH',
    check: 'snp.crl',
    why: 'a list of another authority',
    changes: { crl: (f) => ({ ...f, issuer: { ...f.issuer, commonName: 'another' } }) },
  },
  {
    code: 'CRL_ISSUER_MISMATCH',
    check: 'snp.crl',
    why: 'a list of another key of the root',
    changes: {
      crl: (f) => ({
        ...f,
        extensions: [{ oid: '2.5.29.35', critical: false, value: hex(`30168014${'11'.repeat(20)}`) }],
      }),
    },
  },
  {
    code: 'ENDORSEMENT_EXPIRED',
    check: 'snp.crl',
    why: 'a list that should have been replaced',
    changes: { crl: (f) => ({ ...f, nextUpdate: unixSeconds(NOW - 1) }) },
    details: { subject: 'ARK CRL' },
  },
  {
    code: 'ENDORSEMENT_NOT_YET_VALID',
    check: 'snp.crl',
    why: 'a list of tomorrow',
    changes: { crl: (f) => ({ ...f, thisUpdate: unixSeconds(NOW + DAY) }) },
  },
  {
    code: 'CERTIFICATE_REVOKED',
    check: 'snp.revocation',
    why: 'a revoked authority',
    changes: revoked(2),
    details: { subject: 'BlindAI Simulated SEV-Milan', serial: '02' },
  },
  { code: 'CERTIFICATE_REVOKED', check: 'snp.revocation', why: 'a revoked root', changes: revoked(1) },
])

refuseSnp('refused for what the certificate of the key says', 'none', [
  ...(['1', '2', '3.1', '3.2', '3.3', '3.8', '4'] as const).map(
    (arc): SnpRefusal => ({
      code: 'EXTENSION_MISSING',
      check: 'snp.product',
      why: `a certificate without ${AMD}${arc}`,
      changes: { endorsementCertificate: without(`${AMD}${arc}`) },
      details: { oid: `${AMD}${arc}` },
    }),
  ),
  {
    code: 'EXTENSION_MISSING',
    check: 'snp.product',
    why: `a Turin certificate without ${AMD}3.9`,
    base: { product: 'Turin' },
    changes: { endorsementCertificate: without(`${AMD}3.9`) },
  },
  {
    code: 'SNP_PRODUCT_MISMATCH',
    check: 'snp.product',
    why: 'a Genoa certificate under the root of Milan',
    changes: { endorsementCertificate: amd('2', '160547656e6f61') },
    details: { subject: 'the VCEK', expected: 'Milan', actual: 'Genoa' },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a certificate of a product that nobody knows',
    changes: { endorsementCertificate: amd('2', '16054d696c616d') },
    details: { actual: 'Milam' },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a certificate of a structure that nobody knows',
    changes: { endorsementCertificate: amd('1', '020102') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a security version above 255',
    changes: { endorsementCertificate: amd('3.8', '02020100') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a Milan certificate with an FMC',
    changes: { endorsementCertificate: amd('3.9', '020100') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a chip identifier of 63 bytes',
    changes: { endorsementCertificate: amd('4', 'b1'.repeat(63)) },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a VCEK lent to a provider',
    changes: { endorsementCertificate: amd('5', '160178') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.product',
    why: 'a VLEK of a chip',
    base: { signingKey: 'VLEK', wanted: { signingKeys: ['VLEK'] } },
    changes: { endorsementCertificate: amd('4', 'b1'.repeat(64)) },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'snp.product',
    why: 'a reserved security version',
    changes: { endorsementCertificate: amd('3.5', '020101') },
  },
  {
    code: 'NOT_DER',
    check: 'snp.product',
    why: 'a security version that is no number',
    changes: { endorsementCertificate: amd('3.3', '040118') },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'snp.report-signature',
    why: 'an endorsement key on another curve',
    changes: { endorsementCertificate: (f) => ({ ...f, publicKey: spkiOf(p256) }) },
    details: { field: 'VCEK public key', expected: 'P-384', actual: 'P-256' },
  },
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'the certificate of another key',
    changes: { endorsementCertificate: (f) => ({ ...f, publicKey: spkiOf(generateKeyPair('P-384')) }) },
  },
  {
    code: 'SNP_CHIP_ID_MISMATCH',
    check: 'snp.chip-id',
    why: 'the certificate of another chip',
    changes: { endorsementCertificate: amd('4', '77'.repeat(64)) },
  },
  {
    code: 'SNP_TCB_MISMATCH',
    check: 'snp.reported-tcb',
    why: 'the certificate of a lower TCB',
    changes: { endorsementCertificate: amd('3.3', '020117') },
    details: { component: 'snp', certificate: 0x17, report: 0x1d },
  },
])
