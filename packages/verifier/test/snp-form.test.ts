import { concatBytes, fromBase64Url, fromHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { readEndorsementKey } from '../src/formats/snp/endorsement-key.ts'
import { parseSnpEndorsements } from '../src/formats/snp/endorsements.ts'
import { parseSnpReport } from '../src/formats/snp/report.ts'
import { DEFAULT_POLICY, verifyEvidence } from '../src/index.ts'
import { type Certificate, parseCertificate } from '../src/x509/certificate.ts'
import { snpCapture } from './support/snp-captures.ts'

const error = (code: string, details: object): object =>
  expect.objectContaining({ code, details: expect.objectContaining(details) })
const { report, endorsements, now } = snpCapture('the same is accepted where the policy names Milan')

describe('endorsements of SEV-SNP', () => {
  test.each([
    ['vcek', 16_384],
    ['crl', 1_048_576],
  ])('have no %s of more than %i bytes', (member, bytes) => {
    const limit = Math.ceil((bytes * 4) / 3)
    expect(() => parseSnpEndorsements({ ...endorsements, [member]: 'A'.repeat(limit + 1) })).toThrow(
      error('TOO_LONG', { field: `endorsements.${member}`, length: limit + 1, limit }),
    )
  })
  test('that did not come are named by the format that needs them', async () => {
    const evidence = { format: 'sev-snp', bytes: report } as const
    expect((await verifyEvidence(evidence, DEFAULT_POLICY, { now })).failed).toMatchObject({
      code: 'endorsements.form',
      error: { code: 'ENDORSEMENTS_MISSING', details: { format: 'sev-snp' } },
    })
  })
})

/** Source: AMD 57230, "VCEK Certificate Definition". */
const ARC = '1.3.6.1.4.1.3704.1.'
const vcek = 'vcek' in endorsements && endorsements.vcek !== undefined ? endorsements.vcek : ''
const certificate = parseCertificate('VCEK', fromBase64Url('VCEK', vcek))
const withExtension = (oid: string, value: Uint8Array): Certificate => ({
  ...certificate,
  extensions: new Map([...certificate.extensions, [`${ARC}${oid}`, { critical: false, value }]]),
})
const read = (oid: string, value: string) => readEndorsementKey(withExtension(oid, fromHex('value', value)), 'VCEK')

describe('the certificate of an endorsement key', () => {
  test.each(['3.4', '3.5', '3.6', '3.7'])('has nothing reserved in %s', (oid) => {
    expect(() => read(oid, '020100')).not.toThrow()
    expect(() => read(oid, '020101')).toThrow(error('RESERVED_NOT_ZERO', { field: `VCEK ${ARC}${oid}` }))
  })
  test('has numbers of one octet, and nothing behind them', () => {
    const field = `VCEK ${ARC}3.1`
    expect(read('3.1', '020200ff').tcb.bootLoader).toBe(255)
    expect(() => read('3.1', '02020100')).toThrow(
      error('UNSUPPORTED_VALUE', { field, expected: 'at most 255', actual: '256' }),
    )
    expect(() => read('3.1', '0201010500')).toThrow(error('NOT_DER', { field, expected: 'the end' }))
    expect(() => read('3.1', '0500')).toThrow(error('NOT_DER', { field, expected: 'value with the tag 0x02' }))
  })
  test('has a product as text, and nothing behind it', () => {
    const field = `VCEK ${ARC}2`
    const text = (name: string): Uint8Array => concatBytes(Uint8Array.of(0x16, name.length), utf8(name))
    const of = (value: Uint8Array) => readEndorsementKey(withExtension('2', value), 'VCEK')
    expect(of(text('Genoa')).product).toBe('Genoa')
    expect(() => of(concatBytes(text('Genoa'), Uint8Array.of(5, 0)))).toThrow(
      error('NOT_DER', { field, expected: 'the end' }),
    )
    expect(() => of(Uint8Array.of(5, 0))).toThrow(error('NOT_DER', { field, expected: 'value with the tag 0x16' }))
    expect(() => of(Uint8Array.of(0x16, 1, 0xff))).toThrow(error('NOT_UTF8', { field }))
  })
})

describe('a report of SEV-SNP', () => {
  const changed = (version: number, keyInfo: number) => {
    const copy = report.slice()
    copy[0] = version
    copy[0x48] = keyInfo
    return parseSnpReport(copy)
  }
  test('names its processor from version 3 on, and what it mitigates from version 4', () => {
    expect(changed(3, 0).cpuId).toEqual({ family: 0x19, model: 1, stepping: 1 })
    expect(changed(3, 0)).not.toHaveProperty('mitigations')
    expect(changed(4, 0)).toMatchObject({ cpuId: { family: 0x19 }, mitigations: { launch: 0n, current: 0n } })
    expect(changed(5, 0)).toMatchObject({ mitigations: { launch: 0n, current: 0n } })
    expect(() => changed(2, 0)).toThrow(error('RESERVED_NOT_ZERO', { field: 'SNP report RESERVED_188' }))
  })
  test.each([
    ['VCEK', 0],
    ['VLEK', 1],
    ['none', 7],
  ])('is signed by %s', (signingKey, number) => {
    expect(changed(3, number << 2)).toMatchObject({ signingKey, isChipKeyMasked: false, hasAuthorKey: false })
    expect(changed(3, (number << 2) | 1)).toMatchObject({ signingKey, isChipKeyMasked: false, hasAuthorKey: true })
    expect(changed(3, (number << 2) | 2)).toMatchObject({ signingKey, isChipKeyMasked: true, hasAuthorKey: false })
  })
  test('is signed by no key without a name', () =>
    expect(() => changed(3, 2 << 2)).toThrow(
      error('UNSUPPORTED_VALUE', { field: 'SNP report SIGNING_KEY', actual: '2' }),
    ))
})
