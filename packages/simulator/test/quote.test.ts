import { createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes, toBase64Url, toHex, unixSeconds } from '@blindai/core'
import { createMockAuthority, MOCK_MEASUREMENTS } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { layoutOf } from './quote-layout.ts'

const NOW = unixSeconds(1_800_000_000)
const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, index) => index)

/** A quote of an Intel platform with a TDX module of version 1.5. */
const REAL = new Uint8Array(
  readFileSync(new URL('../../../vectors/attestation/tdx/tdx-v4-b0c0.quote.bin', import.meta.url)),
)

function isSignedBy(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function publicKeyOf(point: Uint8Array): KeyObject {
  const [x, y] = [point.slice(0, 32), point.slice(32)].map(toBase64Url)
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' })
}

describe('a simulated quote', () => {
  const authority = createMockAuthority({ now: NOW })
  const quote = authority.quote(REPORT_DATA, MOCK_MEASUREMENTS)
  const simulated = layoutOf(quote)
  const real = layoutOf(REAL)

  test('is of the same kind as a real one', () => {
    expect(simulated.kind).toEqual(real.kind)
  })

  test('has its parts where a real one has them', () => {
    expect(simulated.parts).toEqual(real.parts)
    expect(simulated.certificates).toHaveLength(3)
    expect(simulated.separators).toEqual(real.separators)
  })

  test('is made of certificates with the same extensions in the same order', () => {
    const extensions = (pem: string): string[] => {
      const der = new X509Certificate(pem).raw.toString('hex')
      // Object identifiers of certificate extensions and of SGX, as they stand in DER.
      return der.match(/0603551d(?:23|1f|0e|0f|13)|06092a864886f84d010d01|060[ab]2a864886f84d010d01(?:02)?../g) ?? []
    }
    expect(simulated.certificates.map(extensions)).toEqual(real.certificates.map(extensions))
    expect(real.certificates.map((pem) => extensions(pem).length)).toEqual([34, 5, 5])
  })

  test('carries registers and report data at the offsets of the TD report', () => {
    const at = (offset: number, length: number): string => toHex(quote.slice(48 + offset, 48 + offset + length))
    const { mrTd, rtmr0, rtmr1, rtmr2, rtmr3 } = MOCK_MEASUREMENTS
    expect([at(136, 48), at(328, 48), at(376, 48), at(424, 48), at(472, 48)]).toEqual([
      mrTd,
      rtmr0,
      rtmr1,
      rtmr2,
      rtmr3,
    ])
    expect(at(520, 64)).toBe(toHex(REPORT_DATA))
  })

  test.each([
    ['simulated', simulated],
    ['real', real],
  ])('is signed along the chain as a real one is: %s', (_, layout) => {
    const [leaf = ''] = layout.certificates
    const pck = new X509Certificate(leaf).publicKey
    expect(isSignedBy(pck, layout.qeReport, layout.qeReportSignature)).toBe(true)
    const bound = concatBytes(layout.attestationKey, layout.qeAuthenticationData)
    const vouched = layout.qeReport.slice(320)
    expect(toHex(vouched)).toBe(createHash('sha256').update(bound).digest('hex') + '00'.repeat(32))
    expect(isSignedBy(publicKeyOf(layout.attestationKey), layout.signedPart, layout.quoteSignature)).toBe(true)
  })

  test('is refused misuse: report data of another length', () => {
    expect(() => authority.quote(new Uint8Array(63), MOCK_MEASUREMENTS)).toThrow(RangeError)
    expect(() => authority.quote(REPORT_DATA, { ...MOCK_MEASUREMENTS, mrTd: 'aa' })).toThrow(RangeError)
  })
})
