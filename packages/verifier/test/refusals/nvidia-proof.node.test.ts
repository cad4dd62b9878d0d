import { createMockNvidiaAuthority, deviceIdentifier, generateKeyPair, MOCK_FWID } from '@blindai/simulator'
import { spkiOf } from '../support/keys.ts'
import { NOW } from '../support/mock.ts'
import { after, field, members, nvidiaAuthority } from '../support/nvidia-mock.ts'
import { by, refuseNvidia } from '../support/nvidia-refusal.ts'
import { CONSTRAINTS, flip, hex, KEY_USAGE, named, withExtension, without } from '../support/refusal.ts'

const root = by('nvidia.root')
const chain = by('nvidia.chain')
const fwid = by('nvidia.fwid')
const stranger = createMockNvidiaAuthority({ now: NOW })
const p256 = generateKeyPair()
const FWID_OID = '2.23.133.5.4.1'
const onlySimulated =
  (...rootSha256: readonly string[]) =>
  (policy: object) => ({ ...policy, simulated: { rootSha256 } })

/** Source of what is right: RFC 5280 section 6.1; the roles of NVIDIA's chain. */
refuseNvidia('the chain of a GPU is refused', 'none', [
  root('SIMULATED_ROOT_UNKNOWN', 'a root of another installation', { authority: stranger }),
  root('SIMULATED_NOT_ALLOWED', 'a policy that names no simulated root', {
    policy: () => ({ version: 1, name: 'hardware only' }),
  }),
  root('SIMULATED_LABELLED_HARDWARE', 'simulated evidence that claims to be of hardware', { format: 'nvidia' }),
  root('ROOT_NOT_TRUSTED', 'evidence of hardware below an unknown root', { format: 'nvidia', authority: stranger }),
  chain('CHAIN_LENGTH_WRONG', 'a chain without the device', {
    endorsements: (all) => ({ ...all, deviceChain: withoutCertificate(all.deviceChain, 1) }),
    details: { chain: 'device chain', expected: 5, actual: 4 },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'an attestation key that is of a device', {
    changes: { gpu: named('GH100 A01 GSP BROM') },
    details: { chain: 'device chain', position: 0 },
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'a device of another architecture', {
    changes: { identity: named('NVIDIA GB100 Identity') },
    details: { position: 3, actual: 'NVIDIA GB100 Identity' },
  }),
  chain('ISSUER_MISMATCH', 'a device that another authority issued', {
    changes: { device: (old) => ({ ...old, issuer: { ...old.issuer, commonName: 'NVIDIA GH100 Provisioner ICA 2' } }) },
  }),
  chain('KEY_IDENTIFIER_MISMATCH', 'an issuer with another key identifier', {
    changes: { provisioner: withExtension({ oid: '2.5.29.14', critical: false, value: hex('0402abcd') }) },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a device signed by another key', {
    changes: { device: members({ signingKey: stranger.keys.provisioner }) },
  }),
  chain('NOT_A_CA', 'a device that may not issue', { changes: { device: without('2.5.29.19') } }),
  chain('UNEXPECTED_CA', 'an attestation key that may issue', {
    changes: { gpu: withExtension(CONSTRAINTS('30030101ff')) },
  }),
  chain('KEY_USAGE_MISSING', 'an attestation key that may not sign', {
    changes: { gpu: withExtension(KEY_USAGE('03020204')) },
  }),
  chain('PATH_TOO_LONG', 'an authority without room for the two below it', {
    changes: { identity: withExtension(CONSTRAINTS('30060101ff020100')) },
  }),
  chain('ENDORSEMENT_EXPIRED', 'a device whose time is over', {
    changes: { device: members({ notAfter: after(-1) }) },
  }),
  chain('ENDORSEMENT_NOT_YET_VALID', 'a device of tomorrow', { changes: { device: members({ notBefore: after(1) }) } }),
  chain('UNSUPPORTED_ALGORITHM', 'an attestation key on P-256', {
    changes: { gpu: members({ publicKey: spkiOf(p256) }) },
    details: { field: 'device chain[0]', actual: 'P-256' },
  }),
  chain('UNSUPPORTED_ALGORITHM', 'an authority that signs with SHA-256', {
    changes: { gpu: members({ signingKey: p256 }) },
    details: { actual: 'ECDSA with SHA-256' },
  }),
])

/** Source of what is right: DSP0274 1.1.3, section 10.11.2, "Signature"; NVIDIA's attestation SDK. */
refuseNvidia('a report of a GPU is not proved', 'none', [
  by('nvidia.report-signature')('NVIDIA_SIGNATURE_INVALID', 'one bit of the signature is other', {
    changes: { signature: (bytes) => flip(bytes, 50) },
  }),
  by('nvidia.report-signature')('NVIDIA_SIGNATURE_INVALID', 'one bit of the nonce is other (byte 4)', {
    changes: { evidence: (bytes) => flip(bytes, 4) },
  }),
  by('nvidia.report-signature')('NVIDIA_SIGNATURE_INVALID', 'one bit of measurement 1 is other (byte 52)', {
    changes: { evidence: (bytes) => flip(bytes, 52) },
  }),
  by('nvidia.report-signature')('NVIDIA_SIGNATURE_INVALID', 'another GPU signed it', {
    changes: { gpu: members({ publicKey: spkiOf(stranger.keys.gpu) }) },
  }),
  fwid('NVIDIA_FWID_MISMATCH', 'the report names other firmware than the certificate', {
    changes: field(20, new Uint8Array(48).fill(1)),
    details: { expected: '01'.repeat(48), actual: 'fd'.repeat(48) },
  }),
  fwid('EXTENSION_MISSING', 'the certificate names no firmware', {
    changes: { gpu: without(FWID_OID) },
    details: { oid: FWID_OID },
  }),
  fwid('NVIDIA_DEVICE_KEY_MISMATCH', 'the certificate is for another device', {
    changes: { gpu: withExtension(deviceIdentifier(spkiOf(stranger.keys.device), MOCK_FWID)) },
  }),
  fwid('UNSUPPORTED_VALUE', 'the identifier is of version 2', {
    changes: { gpu: withExtension(deviceIdentifier(spkiOf(nvidiaAuthority.keys.device), MOCK_FWID, 2)) },
  }),
  fwid('UNSUPPORTED_VALUE', 'the firmware is named by SHA-512', {
    changes: {
      gpu: withExtension(deviceIdentifier(spkiOf(nvidiaAuthority.keys.device), MOCK_FWID, 1, '2.16.840.1.101.3.4.2.3')),
    },
  }),
  fwid('NOT_DER', 'the firmware digest has 47 bytes', {
    changes: { gpu: withExtension(deviceIdentifier(spkiOf(nvidiaAuthority.keys.device), MOCK_FWID.slice(1))) },
  }),
])

const endorsements = by('endorsements.form')
refuseNvidia('endorsements of a GPU are refused for their form', 'none', [
  endorsements('WRONG_VALUE', 'endorsements of another technology', {
    endorsements: (all) => ({ ...all, type: 'snp' }),
  }),
  endorsements('MISSING_MEMBER', 'no manifest of the driver', {
    endorsements: ({ driverRim: _, ...rest }) => rest,
    details: { member: 'driverRim' },
  }),
  endorsements('UNKNOWN_MEMBER', 'something more', { endorsements: (all) => ({ ...all, crl: '' }) }),
  endorsements('NOT_PEM', 'a chain that is no PEM', { endorsements: (all) => ({ ...all, deviceChain: 'MII' }) }),
  endorsements('TOO_LONG', 'more responses than there are certificates', {
    endorsements: (all) => ({ ...all, ocsp: Array.from({ length: 17 }, () => '') }),
    details: { field: 'endorsements.ocsp', limit: 16 },
  }),
  endorsements('NOT_BASE64URL', 'a response that is not base64url', {
    endorsements: (all) => ({ ...all, ocsp: ['='] }),
    details: { field: 'endorsements.ocsp[0]' },
  }),
  by('nvidia.rim-root')('SIMULATED_ROOT_UNKNOWN', 'manifests under a root that the policy does not name', {
    policy: onlySimulated(nvidiaAuthority.rootSha256),
  }),
])

function withoutCertificate(pem: string, position: number): string {
  const parts = pem.split(/(?=-----BEGIN)/)
  return parts.filter((_, i) => i !== position).join('')
}
