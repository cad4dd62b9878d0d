import { type JsonObject, utf8 } from '@blindai/core'
import { type CertificateFields, createMockAuthority } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { pem } from './support/captures.ts'
import { derTree, written } from './support/der-tree.ts'
import { authority, judge, NOW, type Wrong } from './support/mock.ts'
import { endorsements, hex, revokedBy, signature } from './support/refusal.ts'

/** The same keys under the same root, in certificates of which some differ. */
function other(changes: Wrong['changes'] & object) {
  return createMockAuthority({
    now: NOW,
    keys: authority.keys,
    rootCertificate: authority.certificates.root,
    changes,
  })
}

const revokedCa = other(revokedBy('rootCrl', 'platformCaCertificate'))
const revokedSigner = other(revokedBy('rootCrl', 'tcbSigningCertificate'))
const revokedRoot = other({
  rootCrl: (fields) => ({
    ...fields,
    revoked: [{ serial: hex(serialOf(authority.certificates.root)), date: fields.thisUpdate, reason: 1 }],
  }),
})
/** The hex of a certificate's serial: the first INTEGER behind its version. */
function serialOf(der: Uint8Array): string {
  const at = der.findIndex((octet, i) => octet === 0xa0 && der[i + 1] === 3 && der[i + 2] === 2) + 5
  return Buffer.from(der.slice(at + 2, at + 2 + (der[at + 1] ?? 0))).toString('hex')
}

const CA = 'BlindAI Simulated PCK Platform CA'
const SIGNER = 'BlindAI Simulated TCB Signing'

const { rootCaCrl: caList, pckCrlIssuerChain } = revokedCa.endorsements
const { rootCaCrl: signerList, tcbInfoIssuerChain } = revokedSigner.endorsements

const cases: readonly (readonly [why: string, check: string, subject: string, wrong: Wrong])[] = [
  [
    'the authority of the list, not that of the platform',
    'dcap.revocation',
    CA,
    { document: endorsements({ rootCaCrl: caList, pckCrlIssuerChain }) },
  ],
  [
    'the authority of the platform, not that of the list',
    'dcap.revocation',
    CA,
    {
      authority: revokedCa,
      document: endorsements({ pckCrlIssuerChain: authority.endorsements.pckCrlIssuerChain }),
    },
  ],
  [
    'the signer of the TCB info, not that of the QE identity',
    'dcap.tcb-signer',
    SIGNER,
    { document: endorsements({ rootCaCrl: signerList, tcbInfoIssuerChain }) },
  ],
  [
    'the signer of the QE identity, not that of the TCB info',
    'dcap.tcb-signer',
    SIGNER,
    { document: endorsements({ rootCaCrl: signerList, qeIdentityIssuerChain: tcbInfoIssuerChain }) },
  ],
  ['the root itself', 'dcap.revocation', 'BlindAI Simulated Root CA', { authority: revokedRoot }],
]

describe('a key that stands in two certificates is refused when the root revoked', () => {
  for (const [why, check, subject, wrong] of cases) {
    test(why, async () => {
      const { status, failed } = await judge(wrong)
      expect({ status, check: failed?.code, code: failed?.error?.code, details: failed?.error?.details }).toEqual({
        status: 'none',
        check,
        code: 'CERTIFICATE_REVOKED',
        details: expect.objectContaining({ subject }),
      })
    })
  }
})

describe('a second certificate of a key', () => {
  test('may sign the QE identity while nobody revoked it', async () => {
    const { qeIdentityIssuerChain } = other({
      tcbSigningCertificate: (fields) => ({ ...fields, serial: hex('42') }),
    }).endorsements
    expect(await judge({ document: endorsements({ qeIdentityIssuerChain }) })).toMatchObject({ status: 'affirming' })
  })
  test('is of another authority when its name is another, be it only by the organization', async () => {
    const organization = (fields: CertificateFields): CertificateFields => ({
      ...fields,
      subject: { ...fields.subject, organization: 'Somebody else' },
    })
    const { pckCrl, pckCrlIssuerChain: chain } = other({ platformCaCertificate: organization }).endorsements
    const { failed } = await judge({ document: endorsements({ pckCrl, pckCrlIssuerChain: chain }) })
    expect(failed).toMatchObject({ code: 'dcap.pck-crl', error: { code: 'PCK_ISSUER_MISMATCH' } })
  })
})

describe('the chain of the QE identity', () => {
  test('has its roles, be the chain of the TCB info right', async () => {
    const { failed } = await judge({ document: endorsements({ qeIdentityIssuerChain: pckCrlIssuerChain }) })
    expect(failed).toMatchObject({
      code: 'dcap.tcb-signer',
      error: {
        code: 'CERTIFICATE_ROLE_MISMATCH',
        details: { chain: 'QE identity issuer chain', position: 0, expected: SIGNER, actual: CA },
      },
    })
  })
})

describe('the chain of the TCB info', () => {
  test('has its roles, be the chain of the QE identity right', async () => {
    const { failed } = await judge({ document: endorsements({ tcbInfoIssuerChain: pckCrlIssuerChain }) })
    expect(failed).toMatchObject({
      code: 'dcap.tcb-signer',
      error: {
        code: 'CERTIFICATE_ROLE_MISMATCH',
        details: { chain: 'TCB info issuer chain', position: 0, expected: SIGNER, actual: CA },
      },
    })
  })
})

describe('a TDX module', () => {
  test('with attributes is refused, be they those of its identity', async () => {
    const attributes = '0100000000000000'
    const withAttributes = (module: JsonObject): JsonObject => ({ ...module, attributes })
    const { failed } = await judge({
      changes: {
        tdReport: (report) => ({ ...report, seamAttributes: hex(attributes) }),
        tcbInfo: (info) => ({
          ...info,
          tdxModule: withAttributes(info.tdxModule as JsonObject),
          tdxModuleIdentities: (info.tdxModuleIdentities as readonly JsonObject[]).map(withAttributes),
        }),
      },
    })
    expect(failed).toMatchObject({
      code: 'tdx.module',
      error: { code: 'TDX_MODULE_ATTRIBUTES_MISMATCH', details: { expected: attributes, actual: attributes } },
    })
  })
  test('without attributes is refused where its identity has some', async () => {
    const attributes = '0100000000000000'
    const withAttributes = (module: JsonObject): JsonObject => ({ ...module, attributes })
    const { failed } = await judge({
      changes: {
        tcbInfo: (info) => ({
          ...info,
          tdxModule: withAttributes(info.tdxModule as JsonObject),
          tdxModuleIdentities: (info.tdxModuleIdentities as readonly JsonObject[]).map(withAttributes),
        }),
      },
    })
    expect(failed).toMatchObject({
      code: 'tdx.module',
      error: { code: 'TDX_MODULE_ATTRIBUTES_MISMATCH', details: { expected: attributes, actual: '00'.repeat(8) } },
    })
  })
  test.each([
    ['a level has its status', 0, 0, 'OutOfDate'],
    ['nobody lists has none', 1, 9, undefined],
  ])('that runs now and that %s', async (_, component, value, current) => {
    const result = await judge({
      changes: {
        quoteHeader: (header) => ({ ...header, version: 5 }),
        tdReport: (report) => ({
          ...report,
          teeTcbSvn2: report.teeTcbSvn.map((svn, i) => (i === component ? value : svn)),
        }),
      },
    })
    expect(result).toMatchObject({ status: 'affirming', tcb: { status: 'UpToDate' } })
    expect(result.tcb && 'current' in result.tcb ? result.tcb.current : undefined).toBe(current)
    expect(result.tcb).toMatchObject({
      tdxModule: { status: 'UpToDate', tcbDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), advisoryIds: [] },
    })
  })
})

describe('a platform that its certificate names no instance of', () => {
  const SGX_EXTENSIONS = '1.2.840.113741.1.13.1'
  /** The sixth of the extensions is the identifier of the instance. */
  const withoutInstance = (value: Uint8Array): Uint8Array => {
    const whole = derTree(value)
    return written({ ...whole, parts: (whole.parts ?? []).filter((_, i) => i !== 5) })
  }
  const pckCertificate = (fields: CertificateFields): CertificateFields => ({
    ...fields,
    extensions: fields.extensions.map((extension) =>
      extension.oid === SGX_EXTENSIONS ? { ...extension, value: withoutInstance(extension.value) } : extension,
    ),
  })
  test.each(['tdx', 'sgx'] as const)('is proved, and says so by silence: %s', async (tee) => {
    const { status, claims } = await judge({ changes: { pckCertificate } }, tee)
    expect(status).toBe('affirming')
    if (claims === undefined || !('platform' in claims)) throw new Error('nothing was proved of a platform')
    expect(claims.platform).toHaveProperty('ppid')
    expect(claims.platform).not.toHaveProperty('platformInstanceId')
  })
})

describe('a trust domain', () => {
  test('tells which attributes without a name it has', async () => {
    const { status, claims } = await judge({
      changes: { tdReport: (report) => ({ ...report, tdAttributes: hex('0200000000000000') }) },
    })
    expect(status).toBe('contraindicated')
    expect(claims).toMatchObject({ tdAttributeNames: ['RESERVED_1'] })
  })
  test('that is not wanted tells that it answered the nonce', async () => {
    const nonce = new Uint8Array(32).fill(7)
    const wrong: Wrong = {
      nonces: [nonce],
      options: { nonce },
      policy: (policy) => ({ ...policy, config: { isolation: ['none'] } }),
    }
    expect(await judge(wrong)).toMatchObject({ status: 'contraindicated', freshness: 'nonce' })
    expect(await judge({ ...wrong, options: {} })).toMatchObject({ status: 'contraindicated', freshness: 'skipped' })
  })
})

describe('a PCK chain', () => {
  test('ends in its last certificate, however many there are', async () => {
    const { pck, platformCa: ca, root } = authority.certificates
    const chained = (certificates: readonly Uint8Array[]): Wrong => ({
      changes: { signatureData: signature(() => ({ pckChain: utf8(pem(...certificates)) })) },
    })
    for (const certificates of [
      [pck, root],
      [pck, ca, ca, root],
    ]) {
      const { failed } = await judge(chained(certificates))
      expect(failed).toMatchObject({
        code: 'dcap.pck-chain',
        error: { code: 'CHAIN_LENGTH_WRONG', details: { expected: 3, actual: certificates.length } },
      })
    }
  })
})
