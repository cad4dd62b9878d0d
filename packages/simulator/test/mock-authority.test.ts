import { verify, X509Certificate } from 'node:crypto'
import { fromBase64Url, fromHex, type JsonObject, toHex, toPem, unixSeconds, utf8 } from '@blindai/core'
import {
  type AuthorityChanges,
  createMockAuthority,
  ENDORSEMENTS_HOLD_SECONDS,
  generateKeyPair,
  MOCK_MEASUREMENTS,
} from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { layoutOf } from './quote-layout.ts'

const NOW = unixSeconds(1_800_000_000)
const REPORT_DATA = new Uint8Array(64).fill(7)

function withChanges(changes: AuthorityChanges) {
  return createMockAuthority({ now: NOW, changes })
}

/** A document of the provisioning service, taken apart as its text stands. */
function signedDocument(text: string): { member: string; value: JsonObject; isSignedBy: (pem: string) => boolean } {
  const [, member = '', body = '', signature = ''] = /^\{"(\w+)":(.*),"signature":"([0-9a-f]{128})"\}$/.exec(text) ?? []
  return {
    member,
    value: JSON.parse(body),
    isSignedBy: (pem) =>
      verify(
        'sha256',
        utf8(body),
        { key: new X509Certificate(pem).publicKey, dsaEncoding: 'ieee-p1363' },
        fromHex('signature', signature),
      ),
  }
}

describe('endorsements of an authority', () => {
  const { endorsements, certificates } = createMockAuthority({ now: NOW })
  const tcbInfo = signedDocument(endorsements.tcbInfo)
  const qeIdentity = signedDocument(endorsements.qeIdentity)

  test('are signed over their exact text by the TCB signing certificate', () => {
    expect([tcbInfo.member, qeIdentity.member]).toEqual(['tcbInfo', 'enclaveIdentity'])
    expect(tcbInfo.isSignedBy(endorsements.tcbInfoIssuerChain)).toBe(true)
    expect(qeIdentity.isSignedBy(endorsements.qeIdentityIssuerChain)).toBe(true)
    expect(tcbInfo.isSignedBy(endorsements.pckCrlIssuerChain)).toBe(false)
  })

  test('come with their issuers, leaf first', () => {
    const pem = (der: Uint8Array): string => toPem('CERTIFICATE', der)
    expect(endorsements.tcbInfoIssuerChain).toBe(pem(certificates.tcbSigning) + pem(certificates.root))
    expect(endorsements.qeIdentityIssuerChain).toBe(endorsements.tcbInfoIssuerChain)
    expect(endorsements.pckCrlIssuerChain).toBe(pem(certificates.platformCa) + pem(certificates.root))
  })

  test('hold from five minutes ago for thirty days', () => {
    const window = { issueDate: '2027-01-15T07:55:00Z', nextUpdate: '2027-02-14T07:55:00Z' }
    expect(tcbInfo.value).toMatchObject(window)
    expect(qeIdentity.value).toMatchObject(window)
    expect(ENDORSEMENTS_HOLD_SECONDS).toBe(30 * 24 * 3600)
  })

  test('are of TDX, version 3, and of its quoting enclave, version 2', () => {
    expect(tcbInfo.value).toMatchObject({ id: 'TDX', version: 3, tcbType: 0, fmspc: 'B11DA1000000', pceId: '0000' })
    expect(qeIdentity.value).toMatchObject({ id: 'TD_QE', version: 2, isvprodid: 2 })
  })

  test('judge the platform of the quote up to date', () => {
    const svns = (components: unknown): number[] =>
      JSON.parse(JSON.stringify(components)).map((c: { svn: number }) => c.svn)
    const [level] = JSON.parse(JSON.stringify(tcbInfo.value.tcbLevels))
    expect(level.tcbStatus).toBe('UpToDate')
    expect(svns(level.tcb.sgxtcbcomponents)).toEqual([3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(svns(level.tcb.tdxtcbcomponents)).toEqual([0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(tcbInfo.value.tdxModuleIdentities).toMatchObject([{ id: 'TDX_01', tcbLevels: [{ tcb: { isvsvn: 6 } }, {}] }])
  })

  test('can be issued anew for a later time', () => {
    const later = createMockAuthority({ now: NOW }).endorse(unixSeconds(NOW + 86_400))
    expect(signedDocument(later.tcbInfo).value).toMatchObject({ issueDate: '2027-01-16T07:55:00Z' })
  })
})

describe('a mock authority', () => {
  test('signs what a test changed in TCB info and QE identity', () => {
    const { endorsements } = withChanges({
      tcbInfo: (info) => ({ ...info, tcbEvaluationDataNumber: 1 }),
      qeIdentity: (identity) => ({ ...identity, isvprodid: 9 }),
    })
    const tcbInfo = signedDocument(endorsements.tcbInfo)
    expect(tcbInfo.value.tcbEvaluationDataNumber).toBe(1)
    expect(tcbInfo.isSignedBy(endorsements.tcbInfoIssuerChain)).toBe(true)
    expect(signedDocument(endorsements.qeIdentity).value.isvprodid).toBe(9)
  })

  test('signs text that no object could give', () => {
    const { endorsements } = withChanges({ tcbInfoText: (text) => text.replace('{', '{"version":2, ') })
    expect(endorsements.tcbInfo).toMatch(/^\{"tcbInfo":\{"version":2, "id"/)
    expect(signedDocument(endorsements.tcbInfo).isSignedBy(endorsements.tcbInfoIssuerChain)).toBe(true)
  })

  test('changes any field, date and extension of a certificate before it is signed', () => {
    const { certificates } = withChanges({
      pckCertificate: (fields) => ({
        ...fields,
        notAfter: NOW,
        extensions: fields.extensions.filter(({ oid }) => oid !== '1.2.840.113741.1.13.1'),
        subject: { ...fields.subject, commonName: 'Somebody' },
      }),
    })
    const pck = new X509Certificate(certificates.pck)
    expect(pck.subject).toMatch(/^CN=Somebody\n/)
    expect(Date.parse(pck.validTo) / 1000).toBe(NOW)
    expect(toHex(certificates.pck)).not.toContain('2a864886f84d010d01')
    expect(pck.verify(new X509Certificate(certificates.platformCa).publicKey)).toBe(true)
  })

  test('changes what the PCK certificate says of the platform', () => {
    const { certificates } = withChanges({ pckPlatform: (platform) => ({ ...platform, pceSvn: 3 }) })
    expect(toHex(certificates.pck)).toContain('2a864886f84d010d010211020103')
  })

  test("signs with a key that is not the issuer's", () => {
    const { certificates } = withChanges({
      platformCaCertificate: (fields) => ({ ...fields, signingKey: generateKeyPair() }),
    })
    const root = new X509Certificate(certificates.root)
    expect(new X509Certificate(certificates.platformCa).verify(root.publicKey)).toBe(false)
  })

  test('takes keys that a test chose', () => {
    const root = generateKeyPair()
    const { certificates } = createMockAuthority({ now: NOW, keys: { root } })
    expect(new X509Certificate(certificates.root).checkPrivateKey(root.privateKey)).toBe(true)
  })

  test('revokes', () => {
    const entry = { serial: new Uint8Array([0x12, 0x34]), date: NOW, reason: 1 }
    const { endorsements } = withChanges({ rootCrl: (crl) => ({ ...crl, revoked: [entry] }) })
    expect(toHex(fromBase64Url('crl', endorsements.rootCaCrl))).toContain('02021234')
  })

  test('quotes what a test changed, signed as changed', () => {
    const changed = withChanges({
      quoteHeader: (header) => ({ ...header, version: 7 }),
      tdReport: (report) => ({ ...report, tdAttributes: new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]) }),
      qeReport: (report) => ({ ...report, isvSvn: 1 }),
    })
    const layout = layoutOf(changed.quote(REPORT_DATA, MOCK_MEASUREMENTS))
    expect(layout.kind).toMatchObject({ version: 7, tdAttributes: '0100000000000000' })
    const { publicKey } = changed.keys.attestation
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', layout.signedPart, key, layout.quoteSignature)).toBe(true)
    expect([...layout.qeReport.slice(258, 260)]).toEqual([1, 0])
  })

  test('breaks a signature when asked to', () => {
    const broken = withChanges({
      signatureData: (data) => ({
        ...data,
        quoteSignature: data.quoteSignature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
      }),
    })
    const layout = layoutOf(broken.quote(REPORT_DATA, MOCK_MEASUREMENTS))
    const key = { key: broken.keys.attestation.publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', layout.signedPart, key, layout.quoteSignature)).toBe(false)
  })

  test('is a source of evidence under any label, with endorsements of its own time or of a clock', async () => {
    const authority = createMockAuthority({ now: NOW })
    const source = authority.source({ format: 'tdx' })
    expect(source.format).toBe('tdx')
    expect(layoutOf((await source.collect(REPORT_DATA)).bytes).kind).toMatchObject({ version: 4 })
    expect(await source.endorsements()).toBe(authority.endorsements)
    const ticking = authority.source({ clock: () => unixSeconds(NOW + 86_400) })
    expect(ticking.format).toBe('simulated')
    expect(await ticking.endorsements()).toMatchObject({ tcbInfo: expect.stringContaining('2027-01-16T07:55:00Z') })
  })
})
