import { concatBytes, fromBase64Url, toHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type OcspResponse, parseOcspResponse } from '../src/x509/ocsp.ts'
import { type DerNode, derTree, followed, NULL, refusalOf, variants, written } from './support/der-tree.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const [text = ''] = nvidiaCapture('a GPU of its reference versions').endorsements.ocsp
const der = fromBase64Url('response', text)
/** OCSPResponse: the status, and under `[0]` a type and the octets of BasicOCSPResponse. Source: RFC 6960 section 4.2.1. */
const envelope = derTree(der)
const octets = envelope.parts?.[1]?.parts?.[0]?.parts?.[1]?.content ?? new Uint8Array()
const basic = derTree(octets)

const constructed = (tag: number, ...parts: readonly DerNode[]): DerNode => ({ tag, content: new Uint8Array(), parts })
const primitive = (tag: number, ...content: readonly number[]): DerNode => {
  return { tag, content: Uint8Array.from(content), parts: undefined }
}
/** A response around a changed BasicOCSPResponse. */
const around = (node: DerNode): Uint8Array => {
  const [status = NULL, explicit] = envelope.parts ?? []
  const [type = NULL] = explicit?.parts?.[0]?.parts ?? []
  const response: DerNode = { tag: 0x04, content: written(node), parts: undefined }
  return written(constructed(0x30, status, constructed(0xa0, constructed(0x30, type, response))))
}
const parse = (node: DerNode): OcspResponse => parseOcspResponse('R', around(node))
const error = (code: string, details: object): object => expect.objectContaining({ code, details })

const ENVELOPE = [
  'R OCSPResponse: responseStatus with the tag 0x0a',
  'R OCSPResponse: responseBytes with the tag 0xa0',
  'R OCSPResponse responseBytes: responseBytes with the tag 0x30',
  'R OCSPResponse responseBytes responseBytes: responseType with the tag 0x06',
  'R OCSPResponse responseBytes responseBytes: response with the tag 0x04',
]
const SINGLE = 'R responses response'
const TIME = 'as UTCTime or GeneralizedTime, in UTC and to the second'
/** Up to the responder's certificate, whose members have a test of their own. */
const BASIC = [
  'R BasicOCSPResponse: tbsResponseData with the tag 0x30',
  'R: responderID with the tag 0xa2',
  'R responderID: byKey with the tag 0x04',
  `R: producedAt ${TIME}`,
  'R: responses with the tag 0x30',
  'R responses: response with the tag 0x30',
  `${SINGLE}: certID with the tag 0x30`,
  `${SINGLE} certID: hashAlgorithm with the tag 0x30`,
  `${SINGLE} certID hashAlgorithm: algorithm with the tag 0x06`,
  `${SINGLE} certID hashAlgorithm: the end`,
  `${SINGLE} certID: issuerNameHash with the tag 0x04`,
  `${SINGLE} certID: issuerKeyHash with the tag 0x04`,
  `${SINGLE} certID: serialNumber with the tag 0x02`,
  `${SINGLE}: certStatus with the tag 0xa1`,
  `${SINGLE}: thisUpdate ${TIME}`,
  `${SINGLE}: nextUpdate with the tag 0xa0`,
  `${SINGLE} nextUpdate: nextUpdate ${TIME}`,
  'R BasicOCSPResponse: signatureAlgorithm with the tag 0x30',
  'R BasicOCSPResponse signatureAlgorithm: algorithm with the tag 0x06',
  'R BasicOCSPResponse: signature with the tag 0x03',
  'R BasicOCSPResponse: certs with the tag 0xa0',
  'R BasicOCSPResponse certs: certs with the tag 0x30',
  'R BasicOCSPResponse certs certs: certificate with the tag 0x30',
]
const other = (): DerNode => ({ ...NULL, tag: 0x1e })
const refusals = (
  whole: DerNode,
  write: (node: DerNode) => Uint8Array,
  change: (node: DerNode) => DerNode | undefined,
) => [...variants(whole, change)].map((one) => refusalOf(() => parseOcspResponse('R', write(one))))
const ofResponder = (refusal: string): boolean =>
  refusal.startsWith('R responder') && !refusal.startsWith('R responderID')

describe('an OCSP response', () => {
  test('is written as it was read', () => expect(around(basic)).toEqual(der))
  test('names each part that has another tag', () => {
    expect([...new Set(refusals(envelope, written, other))]).toEqual(ENVELOPE)
    const found = new Set(refusals(basic, around, other))
    expect([...found].filter((refusal) => !ofResponder(refusal))).toEqual(BASIC)
    expect(found).toContain('R responder Certificate: TBSCertificate with the tag 0x30')
  })
  test('has nothing more in any of its parts', () => {
    const outside = [
      ...refusals(envelope, written, followed),
      refusalOf(() => parseOcspResponse('R', concatBytes(der, Uint8Array.of(5, 0)))),
    ]
    for (const refusal of [...outside, refusalOf(() => parse(followed(basic) ?? NULL))]) {
      expect(refusal).toMatch(/: the end$/)
    }
    for (const refusal of refusals(basic, around, followed)) {
      expect(refusal).toMatch(/: (the end|(relative name|attribute|entry|extension) with)/)
    }
  })
  test('ends where it says, outside and inside', () => {
    expect(refusalOf(() => parseOcspResponse('R', written(followed(envelope) ?? NULL)))).toBe('R OCSPResponse: the end')
    const [status = NULL, explicit] = envelope.parts ?? []
    const [type = NULL] = explicit?.parts?.[0]?.parts ?? []
    const content = concatBytes(octets, Uint8Array.of(5, 0))
    const response = constructed(0x30, type, { tag: 0x04, content, parts: undefined })
    const bytes = written(constructed(0x30, status, constructed(0xa0, response)))
    expect(refusalOf(() => parseOcspResponse('R', bytes))).toBe('R: the end')
  })
  test('has times in the long form alone', () => {
    const utc = primitive(0x17, ...Array.from('260102030405Z', (character) => character.charCodeAt(0)))
    const changed = [...variants(basic, (node) => (node.tag === 0x18 ? utc : undefined))].slice(0, 3)
    const refusals = changed.map((node) => refusalOf(() => parse(node)))
    expect(refusals).toEqual([
      'R: producedAt as GeneralizedTime',
      `${SINGLE}: thisUpdate as GeneralizedTime`,
      `${SINGLE} nextUpdate: nextUpdate as GeneralizedTime`,
    ])
    expect(refusalOf(() => parse(saying(constructed(0xa1, utc))))).toBe(
      `${SINGLE} certStatus: revocationTime as GeneralizedTime`,
    )
  })
  test('is of a request that succeeded', () =>
    expect(() => parseOcspResponse('R', Uint8Array.of(0x30, 3, 0x0a, 1, 6))).toThrow(
      error('OCSP_NOT_SUCCESSFUL', { response: 'R', status: 6 }),
    ))
  test('is a basic one', () => {
    const type = primitive(0x06, 0x2a, 0x03)
    const bytes = constructed(0xa0, constructed(0x30, type, primitive(0x04)))
    expect(() => parseOcspResponse('R', written(constructed(0x30, primitive(0x0a, 0), bytes)))).toThrow(
      error('UNSUPPORTED_VALUE', {
        field: 'R OCSPResponse responseBytes responseBytes responseType',
        expected: '1.3.6.1.5.5.7.48.1.1',
        actual: '1.2.3',
      }),
    )
  })
})

const TIME_OCTETS = Array.from('20260102030405Z', (character) => character.charCodeAt(0))
const time = primitive(0x18, ...TIME_OCTETS)
const seconds = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000

const [tbs = NULL, algorithm = NULL, signature = NULL, ...certificates] = basic.parts ?? []
const [responder = NULL, producedAt = NULL, list] = tbs.parts ?? []
const [identifier = NULL, , ...times] = list?.parts?.[0]?.parts ?? []

/** The response with another answer in it. */
const answering = (single: DerNode): DerNode => {
  const data = constructed(0x30, responder, producedAt, constructed(0x30, single))
  return constructed(0x30, data, algorithm, signature, ...certificates)
}
/** The response with another word on the certificate. */
const saying = (status: DerNode): DerNode => answering(constructed(0x30, identifier, status, ...times))

describe('the word of an OCSP response', () => {
  test.each([
    ['good', primitive(0x80), 'good'],
    ['unknown', primitive(0x82), 'unknown'],
    ['revoked at a time', constructed(0xa1, time), { revokedAt: seconds }],
    ['revoked for a reason', constructed(0xa1, time, constructed(0xa0, primitive(0x0a, 1))), { revokedAt: seconds }],
  ])('may be %s', (_, node, status) => expect(parse(saying(node)).status).toEqual(status))
  test.each([
    ['good with something in it', primitive(0x80, 0), 'certStatus: the end'],
    ['unknown with something in it', primitive(0x82, 0), 'certStatus: the end'],
    ['revoked without a time', constructed(0xa1), 'certStatus: revocationTime'],
    ['revoked at no time', constructed(0xa1, NULL), `certStatus: revocationTime ${TIME}`],
    ['revoked, and more', constructed(0xa1, time, constructed(0xa0, primitive(0x0a, 1)), NULL), 'certStatus: the end'],
    ['revoked, and something else', constructed(0xa1, time, NULL), 'certStatus: revocationReason with the tag 0xa0'],
    [
      'revoked for what is no reason',
      constructed(0xa1, time, constructed(0xa0, NULL)),
      'certStatus revocationReason: revocationReason with the tag 0x0a',
    ],
    [
      'revoked for two reasons',
      constructed(0xa1, time, constructed(0xa0, primitive(0x0a, 1), primitive(0x0a, 2))),
      'certStatus revocationReason: the end',
    ],
  ])('is not %s', (_, node, refusal) => expect(refusalOf(() => parse(saying(node)))).toBe(`${SINGLE} ${refusal}`))
})

describe('the word of an OCSP response that is cut', () => {
  test.each([
    ['good', 0x80],
    ['unknown', 0x82],
    ['revoked', 0xa1],
  ])('is named: %s', (_, tag) => {
    const cut = primitive(0x30, ...written(identifier), tag, 5)
    expect(refusalOf(() => parse(answering(cut)))).toBe(`${SINGLE}: certStatus of 5 bytes`)
  })
})

describe('the responder of an OCSP response', () => {
  test('is named by the identifier of its key', () =>
    expect(parse(basic).responder).toEqual({ by: 'key', value: parse(basic).certificate?.subjectKeyIdentifier }))
  test('may be named by its name', () => {
    const [, ...body] = tbs.parts ?? []
    const named = (...names: readonly DerNode[]): DerNode =>
      constructed(0x30, constructed(0x30, constructed(0xa1, ...names), ...body), algorithm, signature, ...certificates)
    const attribute = constructed(0x30, primitive(0x06, 0x55, 4, 3), primitive(0x0c, 0x41))
    const name = constructed(0x30, constructed(0x31, attribute))
    expect(parse(named(name)).responder).toEqual({ by: 'name', value: toHex(written(name)) })
    expect(refusalOf(() => parse(named(NULL)))).toBe('R responderID: byName with the tag 0x30')
    expect(refusalOf(() => parse(named(name, NULL)))).toBe('R responderID: the end')
  })
  test('may be the authority itself, whose certificate does not come along', () => {
    expect(parse(constructed(0x30, tbs, algorithm, signature)).certificate).toBeUndefined()
    expect(parse(basic).certificate?.field).toBe('R responder')
  })
})
