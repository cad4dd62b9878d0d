import { sign } from 'node:crypto'
import { toBase64Url } from '@blindai/core'
import { createMockNitroAuthority, generateKeyPair } from '@blindai/simulator'
import { NOW } from '../support/mock.ts'
import { after, bundle, fields, member, nitroAuthority, part, signedAt } from '../support/nitro-mock.ts'
import { type NitroRefusal, refuseNitro } from '../support/nitro-refusal.ts'
import { CONSTRAINTS, flip, hex, KEY_USAGE, named, nonce, withExtension, without } from '../support/refusal.ts'

const other = createMockNitroAuthority({ now: NOW })
const otherKey = generateKeyPair('P-384')
const p256 = generateKeyPair()
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE_OID = '2.5.29.15'
const spkiOf = (key: typeof otherKey): Uint8Array =>
  new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' }))
const chain = (code: string, why: string, rest: Partial<NitroRefusal>): NitroRefusal => ({
  code,
  check: 'nitro.chain',
  why,
  ...rest,
})

refuseNitro('a Nitro document is refused for its root', 'none', [
  {
    code: 'SIMULATED_ROOT_UNKNOWN',
    check: 'nitro.root',
    why: 'the root of another installation',
    authority: other,
    details: { rootSha256: other.rootSha256, allowed: [nitroAuthority.rootSha256] },
  },
  {
    code: 'SIMULATED_LABELLED_HARDWARE',
    check: 'nitro.root',
    why: 'a simulated root under the name of AWS',
    format: 'nitro',
    details: { format: 'nitro', rootSha256: nitroAuthority.rootSha256 },
  },
  {
    code: 'ROOT_NOT_TRUSTED',
    check: 'nitro.root',
    why: 'a root that nobody knows under the name of AWS',
    format: 'nitro',
    authority: other,
  },
  {
    code: 'SIMULATED_NOT_ALLOWED',
    check: 'nitro.root',
    why: 'a policy that allows no simulated evidence',
    policy: () => ({ version: 1, name: 'hardware only' }),
  },
  {
    code: 'SIMULATED_ROOT_UNKNOWN',
    check: 'nitro.root',
    why: 'issuers with the root last',
    changes: bundle((issuers) => [...issuers].reverse()),
  },
  {
    code: 'SIMULATED_ROOT_UNKNOWN',
    check: 'nitro.root',
    why: 'issuers without the root',
    changes: bundle((issuers) => issuers.slice(1)),
  },
])

refuseNitro('a Nitro document is refused for its chain', 'none', [
  chain('ENDORSEMENT_EXPIRED', 'a certificate of the enclave that expired a second ago', {
    changes: { enclave: fields({ notAfter: after(-1) }) },
    details: { notAfter: after(-1), now: NOW },
  }),
  chain('ENDORSEMENT_EXPIRED', 'evidence of three hours ago', { options: { now: after(10_801) } }),
  chain('ENDORSEMENT_EXPIRED', 'an instance that expired', { changes: { instance: fields({ notAfter: after(-1) }) } }),
  chain('ENDORSEMENT_EXPIRED', 'a zone that expired', { changes: { zone: fields({ notAfter: after(-1) }) } }),
  chain('ENDORSEMENT_EXPIRED', 'a region that expired', { changes: { region: fields({ notAfter: after(-1) }) } }),
  chain('ENDORSEMENT_NOT_YET_VALID', 'a certificate of the enclave from a second ahead', {
    changes: { enclave: fields({ notBefore: after(1) }) },
  }),
  chain('ENDORSEMENT_NOT_YET_VALID', 'a clock that is four seconds behind', { options: { now: after(-4) } }),
  chain('ENDORSEMENT_NOT_YET_VALID', 'a zone from a second ahead', {
    changes: { zone: fields({ notBefore: after(1) }) },
  }),
  chain('ISSUER_MISMATCH', 'issuers without the zone', {
    changes: bundle((issuers) => issuers.filter((_, i) => i !== 2)),
  }),
  chain('ISSUER_MISMATCH', 'zone and region in each other’s place', {
    changes: bundle(([root = null, region = null, zone = null, instance = null]) => [root, zone, region, instance]),
  }),
  chain('ISSUER_MISMATCH', 'an instance that names another issuer', {
    changes: { instance: (old) => ({ ...old, issuer: { ...old.issuer, commonName: 'another zone' } }) },
  }),
  chain('ISSUER_MISMATCH', 'a region that is named otherwise', { changes: { region: named('another region') } }),
  chain('KEY_IDENTIFIER_MISMATCH', 'a zone of another key of the region', {
    changes: {
      zone: withExtension({
        oid: '2.5.29.35',
        critical: false,
        value: hex(`30168014${'11'.repeat(20)}`),
      }),
    },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a zone that another key signed', {
    changes: { zone: fields({ signingKey: otherKey }) },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a certificate of the enclave that it signed itself', {
    changes: { enclave: fields({ signingKey: nitroAuthority.keys.enclave }) },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a certificate of the enclave with one bit flipped', {
    changes: member(
      'certificate',
      flip(nitroAuthority.certificates.enclave, nitroAuthority.certificates.enclave.length - 1),
    ),
  }),
  chain('NOT_A_CA', 'an instance that is no authority', { changes: { instance: withExtension(CONSTRAINTS('3000')) } }),
  chain('NOT_A_CA', 'a zone that does not say what it is', { changes: { zone: without(BASIC_CONSTRAINTS) } }),
  chain('UNEXPECTED_CA', 'an enclave that is an authority', {
    changes: { enclave: withExtension(CONSTRAINTS('30030101ff')) },
  }),
  chain('UNEXPECTED_CA', 'an enclave that is no authority and allows none below it', {
    changes: { enclave: withExtension(CONSTRAINTS('3003020100')) },
  }),
  chain('PATH_TOO_LONG', 'a region that allows one authority below it', {
    changes: { region: withExtension(CONSTRAINTS('30060101ff020101')) },
    details: { limit: 1, actual: 2 },
  }),
  chain('PATH_TOO_LONG', 'a zone that allows none', {
    changes: { zone: withExtension(CONSTRAINTS('30060101ff020100')) },
  }),
  chain('KEY_USAGE_MISSING', 'an enclave whose key signs certificates', {
    changes: { enclave: withExtension(KEY_USAGE('03020204')) },
    details: { usage: 'digitalSignature' },
  }),
  chain('KEY_USAGE_MISSING', 'an enclave that does not say what its key is for', {
    changes: { enclave: without(KEY_USAGE_OID) },
  }),
  chain('KEY_USAGE_MISSING', 'an instance whose key signs data', {
    changes: { instance: withExtension(KEY_USAGE('03020780')) },
    details: { usage: 'keyCertSign' },
  }),
  chain('KEY_USAGE_MISSING', 'a zone whose key signs revocation lists only', {
    changes: { zone: withExtension(KEY_USAGE('03020102')) },
  }),
  chain('UNSUPPORTED_ALGORITHM', 'an enclave with a key on P-256', {
    changes: { enclave: fields({ publicKey: spkiOf(p256) }) },
    details: { field: 'certificate', actual: 'P-256' },
  }),
  chain('UNSUPPORTED_ALGORITHM', 'a zone that a key on P-256 signed', {
    changes: { zone: fields({ signingKey: p256 }) },
    details: { field: 'cabundle[2]', actual: 'ECDSA with SHA-256' },
  }),
  {
    ...chain('CRITICAL_EXTENSION_UNKNOWN', 'an instance with a critical extension that nobody knows', {
      changes: { instance: withExtension({ oid: '1.2.3', critical: true, value: hex('0500') }) },
    }),
    check: 'evidence.form',
  },
])

const signature = (code: string, why: string, rest: Partial<NitroRefusal>): NitroRefusal => ({
  code,
  check: 'nitro.signature',
  why,
  ...rest,
})

refuseNitro('a Nitro document is refused for its signature and its time', 'none', [
  signature('COSE_SIGNATURE_INVALID', 'a signature with one bit flipped', {
    changes: { signature: (bytes) => flip(bytes, 0) },
  }),
  signature('COSE_SIGNATURE_INVALID', 'a signature of zeros', { changes: { signature: () => new Uint8Array(96) } }),
  signature('COSE_SIGNATURE_INVALID', 'a signature of the payload alone', {
    changes: {
      message: ([header = null, unprotectedHeader = null, payload = null]) => [
        header,
        unprotectedHeader,
        payload,
        signBare(payload instanceof Uint8Array ? payload : new Uint8Array()),
      ],
    },
  }),
  signature('COSE_SIGNATURE_INVALID', 'a register that was changed after it was signed', {
    changes: part(2, (payload) => flip(bytesOf(payload), indexOf(bytesOf(payload), 0xb1))),
  }),
  signature('COSE_SIGNATURE_INVALID', 'the certificate of another enclave of this instance', {
    changes: { enclave: fields({ publicKey: spkiOf(otherKey) }) },
  }),
  signature('PUBLIC_KEY_INVALID', 'a key that is no point of its curve', {
    changes: { enclave: fields({ publicKey: flip(spkiOf(otherKey), 119) }) },
  }),
  {
    code: 'EVIDENCE_TIME_OUTSIDE_CERTIFICATE',
    check: 'nitro.timestamp',
    why: 'a time a second before the certificate',
    changes: signedAt(NOW - 4),
    details: { signedAt: NOW - 4, notBefore: NOW - 3, notAfter: NOW + 10_800 },
  },
  {
    code: 'EVIDENCE_TIME_OUTSIDE_CERTIFICATE',
    check: 'nitro.timestamp',
    why: 'a time a second after the certificate',
    changes: signedAt(NOW + 10_801),
  },
  {
    code: 'EVIDENCE_TIME_OUTSIDE_CERTIFICATE',
    check: 'nitro.timestamp',
    why: 'a time in seconds where milliseconds belong',
    changes: member('timestamp', NOW),
  },
])

refuseNitro('a Nitro document is refused for what it is bound to', 'none', [
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'no user data',
    changes: member('user_data', null),
    details: { actual: '' },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'user data with one bit flipped',
    changes: {
      document: (all) => all.map(([key, value]) => [key, key === 'user_data' ? flip(bytesOf(value), 63) : value]),
    },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'user data without its last byte',
    changes: {
      document: (all) => all.map(([key, value]) => [key, key === 'user_data' ? bytesOf(value).slice(0, 63) : value]),
    },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'report data in the nonce, where a host that relays could ask for any',
    changes: {
      document: (all) =>
        all.map(([key, value]) => [key === 'user_data' ? 'nonce' : key === 'nonce' ? 'user_data' : key, value]),
    },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'cached evidence that claims to answer our nonce',
    document: (d) => ({ ...d, nonce: toBase64Url(nonce(1)) }),
    options: { nonce: nonce(1) },
  },
  {
    code: 'NONCE_MISMATCH',
    check: 'binding.nonce',
    why: 'an answer to an older nonce',
    nonce: nonce(1),
    options: { nonce: nonce(2) },
  },
  {
    code: 'CHANNEL_KEY_MISMATCH',
    check: 'binding.channel-key',
    why: 'a connection that ends elsewhere',
    options: { channel: { kind: 'tls', spkiSha256: nonce(9) } },
  },
])

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('not bytes')
}

/** Where a register of these bytes stands. */
function indexOf(bytes: Uint8Array, byte: number): number {
  const at = bytes.findIndex((one, i) => one === byte && bytes[i + 1] === byte && bytes[i + 2] === byte)
  if (at < 0) throw new Error('no such register')
  return at
}

function signBare(payload: Uint8Array): Uint8Array {
  const key = { key: nitroAuthority.keys.enclave.privateKey, dsaEncoding: 'ieee-p1363' as const }
  return new Uint8Array(sign('sha384', payload, key))
}
