import { describe, expect, test } from 'vitest'
import { parsePemCertificates } from '../src/x509/pem.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'
const pem = (body: string): string => `${BEGIN}\n${body}\n${END}\n`
const parse = (text: string, limit = 3): number[][] => parsePemCertificates('chain', text, limit).map((one) => [...one])
const notPem = (expected: string): unknown =>
  expect.objectContaining({ code: 'NOT_PEM', details: { field: 'chain', expected } })

describe('certificates in PEM', () => {
  test('stand one behind another, with line ends of either kind', () => {
    expect(parse(pem('AQID') + pem('BAUG'))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(parse(`\r\n\n${pem('AQ\nID').replaceAll('\n', '\r\n')}\r\n`)).toEqual([[1, 2, 3]])
    expect(parse(pem('+/8='))).toEqual([[0xfb, 0xff]])
    expect(parse(pem('+w=='))).toEqual([[0xfb]])
  })
  test('are as many as are allowed, and not one more', () => {
    expect(parse(pem('AQID').repeat(3))).toHaveLength(3)
    expect(() => parse(pem('AQID').repeat(4))).toThrowError(notPem('at most 3 certificates'))
  })
  test('begin at the first byte and end with their line', () => {
    for (const text of ['', '\n', ` ${pem('AQID')}`, `${pem('AQID')} `, `x${pem('AQID')}`, pem('AQID').toLowerCase()]) {
      expect(() => parse(text), JSON.stringify(text)).toThrowError(notPem(BEGIN))
    }
    expect(() => parse(`${BEGIN}\nAQID\n`)).toThrowError(notPem(END))
  })
  test('hold base64 in its one spelling', () => {
    for (const body of ['', 'AQI', 'AQI*', 'AQ ID', '=AQI', 'AQ==ID==', 'A===', 'AQID\rAQID', 'AQ-_']) {
      expect(() => parse(pem(body)), body).toThrowError(notPem('base64'))
    }
    // Bits that no byte has are one; the reason is kept.
    expect(() => parse(pem('AR=='))).toThrowError(
      expect.objectContaining({
        code: 'NOT_PEM',
        details: { field: 'chain', expected: 'base64' },
        cause: expect.objectContaining({ code: 'NOT_BASE64URL' }),
      }),
    )
  })
})
