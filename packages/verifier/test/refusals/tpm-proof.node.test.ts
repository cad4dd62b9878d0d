import { toBase64Url } from '@blindai/core'
import {
  AK_ATTRIBUTES,
  createMockTpmAuthority,
  generateKeyPair,
  generateRsaKeyPair,
  selectPcrs,
  TPM_IDS,
  type TpmAttestFields,
  type TpmPublicFields,
  type TpmSignatureFields,
} from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { OBJECT_ATTRIBUTE_BITS } from '../../src/formats/tpm/object-attributes.ts'
import { NOW } from '../support/mock.ts'
import { CONSTRAINTS, flip, KEY_USAGE, named, nonce, withExtension, without } from '../support/refusal.ts'
import { uefiDisk } from '../support/tpm-captures.ts'
import { after, certificate, fields, judgeTpm, listed, tpm, tpmAuthority } from '../support/tpm-mock.ts'
import { refuseTpm, type TpmRefusal } from '../support/tpm-refusal.ts'

const attest = fields<TpmAttestFields>
const publicArea = fields<TpmPublicFields>
const signature = fields<TpmSignatureFields>
const other = createMockTpmAuthority({ now: NOW })
const otherKey = generateKeyPair('P-384')
const proof = (check: TpmRefusal['check'], code: string, why: string, rest: Partial<TpmRefusal>): TpmRefusal => ({
  code,
  check,
  why,
  ...rest,
})
const BIT = new Map([...OBJECT_ATTRIBUTE_BITS].map(([bit, name]) => [name, 1 << bit]))
const withBit = (name: string) => publicArea({ objectAttributes: AK_ATTRIBUTES | (BIT.get(name) ?? 0) })
const withoutBit = (name: string) => publicArea({ objectAttributes: AK_ATTRIBUTES & ~(BIT.get(name) ?? 0) })

refuseTpm('an attestation key is refused for what it may do', 'none', [
  ...['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'].map((attribute) =>
    proof('tpm.ak-attributes', 'TPM_AK_ATTRIBUTE_MISSING', `a key without ${attribute} (Part 2, 8.3.3)`, {
      changes: { public: withoutBit(attribute) },
      details: { attribute },
    }),
  ),
  ...['decrypt', 'encryptedDuplication', 'x509sign'].map((attribute) =>
    proof('tpm.ak-attributes', 'TPM_AK_ATTRIBUTE_FORBIDDEN', `a key with ${attribute} (Part 2, 8.3.3)`, {
      changes: { public: withBit(attribute) },
      details: { attribute },
    }),
  ),
  proof('tpm.ak-attributes', 'TPM_AK_ATTRIBUTE_RESERVED', 'a bit without a name (Part 2, 8.3.2)', {
    changes: { public: publicArea({ objectAttributes: AK_ATTRIBUTES | 1 }) },
    details: { attribute: 'RESERVED_0', objectAttributes: '0x00050073' },
  }),
  proof('tpm.ak-attributes', 'TPM_AK_PARAMETER_FORBIDDEN', 'a key that encrypts what is below it', {
    changes: { public: publicArea({ symmetric: [TPM_IDS.aes, 128, 0x0043] }) },
    details: { parameter: 'symmetric' },
  }),
  proof('tpm.ak-attributes', 'TPM_AK_SCHEME_MISSING', 'a key that signs by any scheme', {
    changes: { public: publicArea({ scheme: [TPM_IDS.null] }) },
  }),
])

describe('of the 32 bits of TPMA_OBJECT, each alone', () => {
  for (let bit = 0; bit < 32; bit++) {
    const name = OBJECT_ATTRIBUTE_BITS.get(bit) ?? `RESERVED_${bit}`
    const mayChange = ['stClear', 'userWithAuth', 'adminWithPolicy', 'noDA'].includes(name)
    test(`${name} (${bit}) is ${mayChange ? 'of no matter' : 'refused when it is flipped'}`, async () => {
      const objectAttributes = (AK_ATTRIBUTES ^ (1 << bit)) >>> 0
      const result = await judgeTpm({ changes: { public: publicArea({ objectAttributes }) } })
      if (mayChange) expect(result.status).toBe('affirming')
      else expect(result.failed).toMatchObject({ code: 'tpm.ak-attributes', error: { details: { attribute: name } } })
    })
  }
})

const chain = (code: string, why: string, rest: Partial<TpmRefusal>) => proof('tpm.ak-chain', code, why, rest)

refuseTpm('a quote is refused for the certificate of its key', 'none', [
  chain('SIMULATED_LABELLED_HARDWARE', 'a simulated root under the name of a real TPM', {
    base: 'simulated-tpm',
    format: 'tpm',
    details: { format: 'tpm', rootSha256: tpmAuthority.rootSha256 },
  }),
  chain('SIMULATED_ROOT_UNKNOWN', 'the root of another software TPM', {
    base: 'simulated-tpm',
    authority: other,
    details: { rootSha256: other.rootSha256, allowed: [tpmAuthority.rootSha256] },
  }),
  chain('SIMULATED_NOT_ALLOWED', 'a policy that allows no simulated evidence', {
    base: 'simulated-tpm',
    policy: () => ({ version: 1, name: 'hardware only' }),
  }),
  chain('HARDWARE_LABELLED_SIMULATED', 'an authority of the policy under the name of a simulated one', {
    format: 'simulated-tpm',
    details: { rootSha256: tpmAuthority.rootSha256 },
  }),
  proof('tpm.ak-bound', 'TPM_AK_CERTIFICATE_MISSING', 'a software TPM whose key has no certificate', {
    base: 'simulated-tpm',
    endorsements: () => undefined,
    details: { format: 'simulated-tpm' },
  }),
  chain('TPM_AK_CERTIFICATE_MISMATCH', 'the certificate of another key of the same authority', {
    changes: {
      ak: certificate({
        publicKey: new Uint8Array(generateKeyPair().publicKey.export({ type: 'spki', format: 'der' })),
      }),
    },
    details: { subject: 'BlindAI Simulated TPM Attestation Key' },
  }),
  chain('KEY_USAGE_MISSING', 'the certificate of the endorsement key in its place', {
    endorsements: (all) => ({ ...all, akCertificate: toBase64Url(tpmAuthority.certificates.ek) }),
    details: { usage: 'digitalSignature' },
  }),
  chain('ENDORSEMENT_EXPIRED', 'a certificate that expired a second ago', {
    changes: { ak: certificate({ notAfter: after(-1) }) },
    details: { notAfter: after(-1), now: NOW },
  }),
  chain('ENDORSEMENT_NOT_YET_VALID', 'a certificate from a second ahead', {
    changes: { ak: certificate({ notBefore: after(1) }) },
  }),
  chain('ENDORSEMENT_EXPIRED', 'an authority that expired', {
    changes: { issuer: certificate({ notAfter: after(-1) }) },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a certificate that another key signed', {
    changes: { ak: certificate({ signingKey: otherKey }) },
  }),
  chain('ISSUER_MISMATCH', 'an authority of another name', { changes: { issuer: named('Somebody') } }),
  chain('UNEXPECTED_CA', 'a certificate that may issue others', {
    changes: { ak: withExtension(CONSTRAINTS('30030101ff')) },
  }),
  chain('NOT_A_CA', 'an authority that may issue none', { changes: { issuer: withExtension(CONSTRAINTS('3000')) } }),
  chain('KEY_USAGE_MISSING', 'a certificate whose key signs nothing', {
    changes: { ak: withExtension(KEY_USAGE('03020520')) },
  }),
  chain('KEY_USAGE_MISSING', 'a certificate that does not say what its key is for', {
    changes: { ak: without('2.5.29.15') },
  }),
  proof('tpm.ek-chain', 'ROOT_NOT_TRUSTED', 'an endorsement key of no authority of the policy', {
    policy: tpm({ ekRoots: [other.rootSha256] }),
    details: { format: 'tpm', rootSha256: tpmAuthority.rootSha256 },
  }),
  proof('tpm.ek-chain', 'KEY_USAGE_MISSING', 'an attestation key in the place of an endorsement key', {
    policy: tpm({ ekRoots: [tpmAuthority.rootSha256] }),
    endorsements: (all) => ({ ...all, ekCertificate: toBase64Url(tpmAuthority.certificates.ak) }),
    details: { usage: 'keyAgreement' },
  }),
])

const OFF_CURVE = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)]

refuseTpm('a quote is refused for its signature', 'none', [
  proof('tpm.quote-signature', 'TPM_SIGNATURE_INVALID', 'a signature of zeros', {
    changes: { signature: signature({ numbers: [new Uint8Array(32), new Uint8Array(32)] }) },
    details: { signer: 'attestation key' },
  }),
  proof('tpm.quote-signature', 'TPM_SIGNATURE_INVALID', 'one bit of r', {
    changes: {
      signature: ({ numbers: [r = new Uint8Array(), s = new Uint8Array()], ...rest }) => ({
        ...rest,
        numbers: [flip(r, 9), s],
      }),
    },
  }),
  proof('tpm.quote-signature', 'TPM_SIGNATURE_INVALID', 'r longer than a coordinate of its curve', {
    changes: {
      signature: ({ numbers: [, s = new Uint8Array()], ...rest }) => ({ ...rest, numbers: [new Uint8Array(33), s] }),
    },
  }),
  proof('tpm.quote-signature', 'TPM_SIGNATURE_SCHEME_MISMATCH', 'a signature by a hash that the key is not for', {
    changes: { signature: signature({ hash: TPM_IDS.sha384 }) },
    details: { expected: 'ECDSA with SHA-256', actual: 'ECDSA with SHA-384' },
  }),
  proof('tpm.quote-signature', 'TPM_SIGNATURE_SCHEME_MISMATCH', 'a signature of RSA by an elliptic key', {
    changes: { signature: () => ({ sigAlg: TPM_IDS.rsassa, hash: TPM_IDS.sha256, numbers: [new Uint8Array(256)] }) },
    details: { expected: 'ECDSA with SHA-256', actual: 'RSASSA with SHA-256' },
  }),
  proof('tpm.quote-signature', 'TPM_SIGNATURE_SCHEME_MISMATCH', 'PKCS #1 v1.5 by a key for PSS', {
    maker: { keys: { ak: generateRsaKeyPair(2048) }, pss: true },
    changes: { signature: signature({ sigAlg: TPM_IDS.rsassa }) },
  }),
  proof('tpm.quote-signature', 'PUBLIC_KEY_INVALID', 'an enrolled key that is no point of its curve', {
    endorsements: () => undefined,
    changes: { public: publicArea({ unique: OFF_CURVE }) },
    policy: tpm({
      attestationKeys: [
        {
          name: createMockTpmAuthority({
            now: NOW,
            keys: tpmAuthority.keys,
            changes: { public: publicArea({ unique: OFF_CURVE }) },
          }).akName,
          date: '2026-11-27',
        },
      ],
    }),
  }),
])

refuseTpm('a quote is refused for its registers', 'none', [
  proof('tpm.pcr-digest', 'TPM_PCR_DIGEST_MISMATCH', 'a register of another value (Part 3, 18.4)', {
    changes: listed('4', 'ff'.repeat(32)),
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_MISSING', 'a register that was quoted and is not listed', {
    changes: listed('7', undefined),
    details: { bank: 'SHA-256', pcr: 7 },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_NOT_QUOTED', 'a register that is listed and was not quoted', {
    changes: listed('12', '00'.repeat(32)),
    details: { bank: 'SHA-256', pcr: 12 },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_NOT_QUOTED', 'a bank that is listed and was not quoted', {
    changes: { banks: (banks) => ({ ...banks, sha384: { 4: '00'.repeat(48) } }) },
    details: { bank: 'SHA-384', pcr: 4 },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_MISSING', 'a selection of one register more', {
    changes: { attest: attest({ selections: [{ hash: TPM_IDS.sha256, select: selectPcrs([0, 4, 7, 11, 12]) }] }) },
    details: { bank: 'SHA-256', pcr: 12 },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_NOT_QUOTED', 'a quote over nothing', {
    changes: { attest: attest({ selections: [] }) },
    details: { bank: 'SHA-256', pcr: 0 },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_DIGEST_MISMATCH', 'another digest under the signature', {
    changes: { attest: attest({ pcrDigest: new Uint8Array(32) }) },
    details: { expected: '00'.repeat(32) },
  }),
  proof('tpm.pcr-digest', 'TPM_PCR_DIGEST_MISMATCH', 'a digest cut short', {
    changes: { attest: (old) => ({ ...old, pcrDigest: old.pcrDigest.slice(0, 31) }) },
  }),
  proof('tpm.event-log', 'EVENT_LOG_MISMATCH', 'the event log of another boot', {
    log: uefiDisk.log ?? new Uint8Array(),
  }),
  proof('tpm.event-log', 'TRUNCATED', 'an event log of no bytes', { log: new Uint8Array(1) }),
])

refuseTpm('a quote is refused for what it is bound to', 'none', [
  proof('binding.report-data', 'REPORT_DATA_MISMATCH', 'other extra data', {
    changes: { attest: attest({ extraData: new Uint8Array(32) }) },
    details: { actual: '00'.repeat(32) },
  }),
  proof('binding.report-data', 'REPORT_DATA_MISMATCH', 'extra data of no bytes', {
    changes: { attest: attest({ extraData: new Uint8Array() }) },
    details: { actual: '' },
  }),
  proof('binding.report-data', 'REPORT_DATA_MISMATCH', 'extra data with a byte after it', {
    changes: { attest: (old) => ({ ...old, extraData: new Uint8Array([...old.extraData, 0]) }) },
  }),
  proof('binding.report-data', 'REPORT_DATA_MISMATCH', 'the quote of another nonce', {
    nonce: nonce(1),
    document: (document) => ({ ...document, nonce: toBase64Url(nonce(2)) }),
  }),
  proof('binding.nonce', 'NONCE_MISMATCH', 'an answer to another question', {
    nonce: nonce(1),
    options: { nonce: nonce(2) },
  }),
])
