import { derExplicit, toBase64Url } from '@blindai/core'
import { createMockNvidiaAuthority, type OcspFields } from '@blindai/simulator'
import { spkiOf } from '../support/keys.ts'
import { NOW } from '../support/mock.ts'
import { after, members, ocsp } from '../support/nvidia-mock.ts'
import { by, refuseNvidia } from '../support/nvidia-refusal.ts'
import { hex, KEY_USAGE, withExtension, without } from '../support/refusal.ts'

const form = by('endorsements.form')
const revocation = by('nvidia.revocation')
const stranger = createMockNvidiaAuthority({ now: NOW })
const changed = (part: Partial<OcspFields>) => ocsp('provisioner', (old) => ({ ...old, ...part }))
const EXTENDED_KEY_USAGE = '2.5.29.37'

/** Source of what is right: RFC 6960 section 4.2.1. */
refuseNvidia('an OCSP response is refused for its form', 'none', [
  form('NOT_DER', 'no bytes', {
    endorsements: (all) => ({ ...all, ocsp: [''] }),
    details: { field: 'OCSP response 0', offset: 0 },
  }),
  form('NOT_DER', 'a byte after the response', {
    endorsements: (all) => ({ ...all, ocsp: all.ocsp.map((one) => toBase64Url(hex(`${hexOf(one)}00`))) }),
  }),
  form('OCSP_NOT_SUCCESSFUL', 'a responder that asks to try later', {
    changes: changed({ responseStatus: 3 }),
    details: { response: 'OCSP response 1', status: 3 },
  }),
  form('UNSUPPORTED_VALUE', 'a response that is not basic', {
    changes: changed({ responseType: '1.3.6.1.5.5.7.48.1.2' }),
  }),
  form('UNSUPPORTED_ALGORITHM', 'an issuer that is named by SHA-1', {
    changes: changed({ hashAlgorithm: '1.3.14.3.2.26' }),
    details: { actual: '1.3.14.3.2.26' },
  }),
  form('NOT_DER', 'a status that never ends', { changes: changed({ nextUpdate: undefined }) }),
  form('NOT_DER', 'two certificates of a responder', {
    changes: ocsp('provisioner', (old) => ({ ...old, certificates: [...old.certificates, ...old.certificates] })),
  }),
  form('NOT_DER', 'a responder that is neither named nor known by its key', {
    changes: changed({ responderId: derExplicit(3, hex('0400')) }),
  }),
  form('TOO_LONG', 'a response longer than any', {
    endorsements: (all) => ({ ...all, ocsp: [toBase64Url(new Uint8Array(8193))] }),
    details: { field: 'endorsements.ocsp[0]' },
  }),
])

/** Source of what is right: RFC 6960 sections 3.2 and 4.2.2.2. */
refuseNvidia('a certificate of a GPU or its manifests is not shown to be good', 'none', [
  revocation('CERTIFICATE_REVOKED', 'an authority of the device that is revoked', {
    changes: changed({ status: { revokedAt: after(-86_400), reason: 1 } }),
    details: { subject: 'NVIDIA GH100 Provisioner ICA 1', revokedAt: after(-86_400) },
  }),
  revocation('CERTIFICATE_REVOKED', 'a signer of manifests that is revoked without a reason', {
    changes: ocsp('rimSigner', (old) => ({ ...old, status: { revokedAt: after(-1) } })),
    details: { subject: 'HCC RIM L4 Signer' },
  }),
  revocation('CERTIFICATE_REVOKED', 'a revoked authority, also where no response is required', {
    changes: ocsp('identity', (old) => ({ ...old, status: { revokedAt: after(-1) } })),
    policy: (policy) => ({ ...policy, nvidia: { requireOcsp: false } }),
  }),
  revocation('CERTIFICATE_STATUS_UNKNOWN', 'an authority that its responder does not know', {
    changes: changed({ status: 'unknown' }),
    details: { subject: 'NVIDIA GH100 Provisioner ICA 1' },
  }),
  revocation('OCSP_RESPONSE_MISSING', 'no response about the authority of the device', {
    endorsements: (all) => ({ ...all, ocsp: all.ocsp.filter((_, i) => i !== 1) }),
    details: { subject: 'NVIDIA GH100 Provisioner ICA 1' },
  }),
  revocation('OCSP_RESPONSE_MISSING', 'no response about the signer of manifests', {
    endorsements: (all) => ({ ...all, ocsp: all.ocsp.slice(0, 4) }),
    details: { subject: 'HCC RIM L4 Signer' },
  }),
  revocation('OCSP_RESPONSE_UNMATCHED', 'a response about another serial number', {
    changes: changed({ serial: hex('42') }),
    details: { response: 'OCSP response 1', serial: '42' },
  }),
  revocation('OCSP_RESPONSE_UNMATCHED', 'a response about an issuer of another name', {
    changes: changed({ issuerNameHash: new Uint8Array(48) }),
  }),
  revocation('OCSP_RESPONSE_UNMATCHED', 'a response about an issuer with another key', {
    changes: changed({ issuerKeyHash: new Uint8Array(48) }),
  }),
  revocation('OCSP_RESPONSE_UNMATCHED', 'a response too many', {
    endorsements: (all) => ({ ...all, ocsp: [...all.ocsp, ...stranger.endorsements.ocsp.slice(0, 1)] }),
    details: { response: 'OCSP response 5' },
  }),
  revocation('OCSP_SIGNATURE_INVALID', 'a response that another key signed', {
    changes: changed({ signingKey: stranger.keys.responder }),
  }),
  revocation('OCSP_SIGNATURE_INVALID', 'a responder’s certificate that is of another key', {
    changes: {
      responders: { provisioner: members({ publicKey: spkiOf(stranger.keys.responder) }) },
    },
  }),
  revocation('OCSP_RESPONDER_NOT_AUTHORISED', 'a responder that is not the one it says', {
    changes: changed({ responderId: derExplicit(2, hex('0401aa')) }),
  }),
  revocation('OCSP_RESPONDER_NOT_AUTHORISED', 'a responder that may not sign responses', {
    changes: { responders: { provisioner: without(EXTENDED_KEY_USAGE) } },
  }),
  revocation('OCSP_RESPONDER_NOT_AUTHORISED', 'a responder that may do something else', {
    changes: {
      responders: {
        provisioner: withExtension({ oid: EXTENDED_KEY_USAGE, critical: true, value: hex('300a06082b06010505070301') }),
      },
    },
  }),
  revocation('ISSUER_MISMATCH', 'a responder of another authority', {
    changes: {
      responders: {
        provisioner: (old) => ({ ...old, issuer: { ...old.issuer, commonName: 'NVIDIA GH100 Provisioner' } }),
      },
    },
  }),
  revocation('CERTIFICATE_SIGNATURE_INVALID', 'a responder that nobody appointed', {
    changes: { responders: { provisioner: members({ signingKey: stranger.keys.identity }) } },
  }),
  revocation('KEY_USAGE_MISSING', 'a responder whose key may not sign', {
    changes: { responders: { provisioner: withExtension(KEY_USAGE('03020204')) } },
  }),
  revocation('ENDORSEMENT_EXPIRED', 'a responder whose time is over', {
    changes: { responders: { provisioner: members({ notAfter: after(-1) }) } },
  }),
  revocation('ENDORSEMENT_EXPIRED', 'a response that is too old', {
    changes: changed({ nextUpdate: after(-1) }),
    details: { subject: 'OCSP response 1 about NVIDIA GH100 Provisioner ICA 1' },
  }),
  revocation('ENDORSEMENT_NOT_YET_VALID', 'a response of tomorrow', { changes: changed({ thisUpdate: after(1) }) }),
])

function hexOf(text: string): string {
  return Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0).toString(16).padStart(2, '0'),
  ).join('')
}
