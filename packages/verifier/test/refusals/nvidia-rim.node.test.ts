import { createMockNvidiaAuthority, type NvidiaChanges, type RimFields } from '@blindai/simulator'
import { spkiOf } from '../support/keys.ts'
import { NOW } from '../support/mock.ts'
import { nvidiaText } from '../support/nvidia-captures.ts'
import { after, entry, members, nvidiaAuthority, rimContent, rimText } from '../support/nvidia-mock.ts'
import { by, refuseNvidia } from '../support/nvidia-refusal.ts'
import { flip, named } from '../support/refusal.ts'

const form = by('endorsements.form')
const chain = by('nvidia.rim-chain')
const signature = by('nvidia.rim-signature')
const match = by('nvidia.rim-match')
const stranger = createMockNvidiaAuthority({ now: NOW })
const text = (change: (old: string) => string): NvidiaChanges => ({ driverRim: { text: change } })
const fields = (change: (old: RimFields) => Partial<RimFields>): NvidiaChanges => ({
  driverRim: { fields: (old) => ({ ...old, ...change(old) }) },
})
const signedInfo = (from: string, to: string): NvidiaChanges => ({
  driverRim: { signedInfo: (old) => old.replace(from, to) },
})
const ZEROS = '00'.repeat(48)

/** Source of what is right: XML 1.0, fifth edition; Namespaces in XML 1.0. Everything that could expand or fetch is refused. */
refuseNvidia('a manifest is refused for its XML', 'none', [
  form('NOT_XML', 'no text', { changes: text(() => ''), details: { field: 'driver RIM', offset: 0 } }),
  form('NOT_XML', 'a declaration', { changes: text((old) => `<?xml version="1.0"?>${old}`) }),
  form('NOT_XML', 'a document type with an entity', {
    changes: text((old) => `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${old}`),
    details: { offset: 1, expected: 'a name' },
  }),
  form('NOT_XML', 'a reference to an entity', {
    changes: rimText('edition="GPU"', 'edition="&b;"'),
    details: { expected: 'printable ASCII without references' },
  }),
  form('NOT_XML', 'a reference to a character', { changes: rimText('edition="GPU"', 'edition="&#71;PU"') }),
  form('NOT_XML', 'a comment', { changes: rimText('<ns0:Meta', '<!-- --><ns0:Meta') }),
  form('NOT_XML', 'a CDATA section', { changes: rimText('<ns0:Meta', '<![CDATA[ ]]><ns0:Meta') }),
  form('NOT_XML', 'a processing instruction', { changes: rimText('<ns0:Meta', '<?php ?><ns0:Meta') }),
  form('NOT_XML', 'a character beyond ASCII', { changes: rimText('edition="GPU"', 'edition="GPÜ"') }),
  form('NOT_XML', 'a tabulator', { changes: rimText('\n<ns0:Meta', '\t<ns0:Meta') }),
  form('NOT_XML', 'a carriage return', { changes: rimText('\n<ns0:Meta', '\r\n<ns0:Meta') }),
  form('NOT_XML', 'a line end in an attribute', { changes: rimText('edition="GPU"', 'edition="G\nPU"') }),
  form('NOT_XML', 'an attribute twice', { changes: rimText('edition="GPU"', 'edition="GPU" edition="GPU"') }),
  form('NOT_XML', 'an attribute twice, under two prefixes of one namespace', {
    changes: rimText('<ns0:Meta', '<ns0:Meta xmlns:a="urn:a" xmlns:b="urn:a" a:c="" b:c=""'),
    details: { expected: 'each attribute once, and not so many' },
  }),
  form('NOT_XML', 'an attribute in single quotes', { changes: rimText('edition="GPU"', "edition='GPU'") }),
  form('NOT_XML', 'a prefix that nobody declared', {
    changes: rimText('edition="GPU"', 'xyz:edition="GPU"'),
    details: { expected: 'a namespace that was declared' },
  }),
  form('NOT_XML', 'a namespace that is undone', { changes: rimText('<ns0:Meta', '<ns0:Meta xmlns:ns2=""') }),
  form('NOT_XML', 'another meaning of the prefix xml', {
    changes: rimText('<ns0:Meta', '<ns0:Meta xmlns:xml="urn:x"'),
  }),
  form('NOT_XML', 'an element that ends under another name', { changes: rimText('</ns0:Meta>', '</ns0:Data>') }),
  form('NOT_XML', 'an element that never ends', { changes: rimText('</ns0:Payload>', '') }),
  form('NOT_XML', 'a second element', {
    changes: text((old) => `${old}<a xmlns="urn:a"/>`),
    details: { expected: 'the end' },
  }),
  form('NOT_XML', 'two line ends after the element', { changes: text((old) => `${old}\n\n`) }),
  form('NOT_XML', 'elements without end inside each other', {
    changes: text((old) => old.replace('<ns0:Meta', `${'<ns0:A>'.repeat(20)}<ns0:Meta`)),
    details: { expected: 'less' },
  }),
  form('NOT_XML', 'elements without number', {
    changes: text((old) => old.replace('<ns0:Meta', `${'<ns0:A/>'.repeat(1100)}<ns0:Meta`)),
    details: { expected: 'less' },
  }),
  form('TOO_LONG', 'a text longer than any', {
    changes: text((old) => old.replace('\n', '\n'.repeat(262_144))),
    details: { limit: 262_144 },
  }),
])

/** Source of what is right: NVIDIA's manifests; XML Signature 1.1, sections 4 and 6. */
refuseNvidia('a manifest is refused for its form', 'none', [
  form('RIM_FORM', 'another document', {
    changes: text((old) => old.replaceAll('SoftwareIdentity', 'SoftwareThing')),
    details: { rim: 'driver RIM' },
  }),
  form('RIM_FORM', 'another namespace', {
    changes: text((old) => old.replaceAll('2015/schema.xsd', '2009/schema.xsd')),
  }),
  form('RIM_FORM', 'no signature', { changes: text((old) => old.replace(/<ds:Signature[\s\S]*<\/ds:Signature>/, '')) }),
  form('RIM_FORM', 'two signatures', {
    changes: text((old) => old.replace(/<ds:Signature[\s\S]*<\/ds:Signature>/, (whole) => `${whole}${whole}`)),
  }),
  form('RIM_FORM', 'a payload outside the manifest that is signed', {
    changes: text((old) => old.replace('<ns0:Payload>', '<ns0:Payload></ns0:Payload><ns0:Payload>')),
  }),
  form('RIM_FORM', 'text between elements', { changes: rimContent('\n<ns0:Meta', 'text<ns0:Meta') }),
  form('RIM_FORM', 'no version', { changes: rimContent(' colloquialVersion="550.90.07"', '') }),
  form('RIM_FORM', 'an index twice', { changes: entry(7, (old) => ({ ...old, index: '8' })) }),
  form('RIM_FORM', 'index 64', { changes: entry(63, (old) => ({ ...old, index: '64' })) }),
  form('RIM_FORM', 'an index that is no number', { changes: entry(7, (old) => ({ ...old, index: 'seven' })) }),
  form('RIM_FORM', 'an entry neither active nor not', { changes: entry(7, (old) => ({ ...old, active: 'true' })) }),
  form('RIM_FORM', 'fewer hashes than announced', { changes: entry(7, (old) => ({ ...old, alternatives: '2' })) }),
  form('RIM_FORM', 'more hashes than announced', {
    changes: entry(7, (old) => ({ ...old, hashes: [...old.hashes, ZEROS] })),
  }),
  form('RIM_FORM', 'a hash of 32 bytes', { changes: entry(7, (old) => ({ ...old, hashes: ['00'.repeat(32)] })) }),
  form('RIM_FORM', 'a hash in upper case', { changes: entry(7, (old) => ({ ...old, hashes: ['AB'.repeat(48)] })) }),
  form('RIM_FORM', 'a hash of another namespace', { changes: rimContent('ns2:Hash0', 'ns0:Hash0') }),
  form('RIM_FORM', 'a measurement of another kind', { changes: rimContent('type="Measurement"', 'type="Guess"') }),
  form('RIM_FORM', 'a signature of 64 bytes', { changes: { driverRim: { signature: (bytes) => bytes.slice(0, 64) } } }),
  form('RIM_FORM', 'a certificate that is not base64', {
    changes: rimText('<ds:X509Certificate>', '<ds:X509Certificate>-'),
  }),
  form('RIM_FORM', 'no certificate', { changes: fields(() => ({ chain: [] })) }),
  form('UNSUPPORTED_VALUE', 'a signature with SHA-256', {
    changes: signedInfo('ecdsa-sha384', 'ecdsa-sha256'),
    details: { field: 'driver RIM SignedInfo' },
  }),
  form('UNSUPPORTED_VALUE', 'a digest by SHA-1', {
    changes: signedInfo('xmldsig-more#sha384"></ds:DigestMethod', 'xmldsig#sha1"></ds:DigestMethod'),
  }),
  form('UNSUPPORTED_VALUE', 'another canonical form', { changes: signedInfo('xml-c14n11', 'xml-c14n12') }),
  form('UNSUPPORTED_VALUE', 'a reference to a part of the manifest', { changes: signedInfo('URI=""', 'URI="#part"') }),
  form('UNSUPPORTED_VALUE', 'a transformation by a program', {
    changes: signedInfo(
      '</ds:Transforms>',
      '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"></ds:Transform></ds:Transforms>',
    ),
  }),
])

/** Source of what is right: NVIDIA's attestation SDK, RIM verification. */
refuseNvidia('a manifest is not proved', 'none', [
  by('nvidia.rim-root')('SIMULATED_ROOT_UNKNOWN', 'manifests of another installation', {
    endorsements: (all) => ({ ...all, driverRim: stranger.endorsements.driverRim }),
  }),
  by('nvidia.rim-root')('ROOTS_DIFFER', 'manifests under two roots that are both accepted', {
    endorsements: (all) => ({ ...all, vbiosRim: stranger.endorsements.vbiosRim }),
    policy: (policy) => ({
      ...policy,
      simulated: { rootSha256: [nvidiaAuthority.rootSha256, nvidiaAuthority.rimRootSha256, stranger.rimRootSha256] },
    }),
    details: { chain: 'VBIOS RIM', expected: nvidiaAuthority.rimRootSha256, actual: stranger.rimRootSha256 },
  }),
  by('nvidia.rim-root')('HARDWARE_LABELLED_SIMULATED', 'a manifest of NVIDIA with a simulated GPU', {
    endorsements: (all) => ({ ...all, driverRim: nvidiaText('rim-driver-gh100-550.90.07.xml') }),
  }),
  chain('CERTIFICATE_ROLE_MISMATCH', 'a signer that is an OCSP responder', {
    changes: { rimSigner: named('NVIDIA OCSP Responder L3') },
    details: { chain: 'driver RIM chain', position: 0, expected: 'HCC RIM L4 Signer' },
  }),
  chain('CHAIN_LENGTH_WRONG', 'a signer without its authorities', {
    changes: fields(({ chain: all }) => ({ chain: all.filter((_, i) => i !== 1) })),
    details: { expected: 4, actual: 3 },
  }),
  chain('CERTIFICATE_SIGNATURE_INVALID', 'a signer that another key certified', {
    changes: { rimSigner: members({ signingKey: stranger.keys.rimIssuer }) },
  }),
  chain('ENDORSEMENT_EXPIRED', 'a signer whose time is over', {
    changes: { rimSigner: members({ notAfter: after(-1) }) },
    details: { subject: 'HCC RIM L4 Signer' },
  }),
  signature('RIM_DIGEST_MISMATCH', 'a hash that was changed after it was signed', {
    changes: rimText('<ns0:Resource active="False"', '<ns0:Resource active="True"'),
    details: { rim: 'driver RIM' },
  }),
  signature('RIM_DIGEST_MISMATCH', 'one space more between two elements', {
    changes: rimText('\n<ns0:Meta', '\n <ns0:Meta'),
  }),
  signature('RIM_SIGNATURE_INVALID', 'one bit of the signature is other', {
    changes: { driverRim: { signature: (bytes) => flip(bytes, 40) } },
  }),
  signature('RIM_SIGNATURE_INVALID', 'another key signed it', {
    changes: fields(() => ({ signingKey: stranger.keys.rimSigner })),
  }),
  signature('RIM_SIGNATURE_INVALID', 'the certificate is of another key', {
    changes: { rimSigner: members({ publicKey: spkiOf(stranger.keys.rimSigner) }) },
  }),
  match('RIM_VERSION_MISMATCH', 'the manifest of another driver', {
    changes: fields(() => ({ version: '550.90.08' })),
    details: { rim: 'driver RIM', expected: '550.90.07', actual: '550.90.08' },
  }),
  match('RIM_VERSION_MISMATCH', 'the manifests in each other’s place', {
    endorsements: (all) => ({ ...all, driverRim: all.vbiosRim, vbiosRim: all.driverRim }),
  }),
  match('RIM_PRODUCT_MISMATCH', 'the manifest of another chip', {
    changes: fields(() => ({ product: 'GB100' })),
    details: { expected: 'GH100', actual: 'GB100' },
  }),
  match('RIM_INDEX_CONFLICT', 'an index that both manifests speak of', {
    changes: entry(0, (old) => ({ ...old, active: 'True' })),
    details: { index: 1 },
  }),
])
