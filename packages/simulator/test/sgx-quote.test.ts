import { createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ByteReader, concatBytes, fromUtf8, toBase64Url, toHex, unixSeconds } from '@blindai/core'
import { createMockAuthority, MOCK_ENCLAVE } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'

const NOW = unixSeconds(1_800_000_000)
const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, index) => index)

/** A quote of an enclave on an Intel platform. */
const REAL = new Uint8Array(
  readFileSync(new URL('../../../vectors/attestation/sgx/sgx-v3-a067.quote.bin', import.meta.url)),
)

/** Takes a version 3 quote apart. Written for the tests alone, after Intel's tables and not after the writer. */
function layoutOf(quote: Uint8Array) {
  const r = new ByteReader('quote', quote)
  const parts: [string, number, number][] = []
  const take = (name: string, length: number): Uint8Array => {
    parts.push([name, r.offset, length])
    return r.bytes(r.offset, length, name)
  }
  const header = take('header', 48)
  const report = take('report', 384)
  const size = r.u32(r.offset, 'signature data size')
  const end = r.offset + size
  const quoteSignature = take('quote signature', 64)
  const attestationKey = take('attestation key', 64)
  const qeReport = take('QE report', 384)
  const qeReportSignature = take('QE report signature', 64)
  const authenticationData = take('QE authentication data', r.u16(r.offset, 'QE authentication data size'))
  const type = r.u16(r.offset, 'certification data type')
  const pemSize = r.u32(r.offset, 'certification data size')
  const pem = fromUtf8('PCK chain', r.bytes(r.offset, pemSize, 'PCK chain'))
  const hex = (bytes: Uint8Array, from: number, to: number): string => toHex(bytes.slice(from, to))
  return {
    kind: {
      versionAndKeyType: hex(header, 0, 8),
      qeVendorId: hex(header, 12, 28),
      attributes: hex(report, 48, 64),
      miscSelect: hex(report, 16, 20),
      qeMrSigner: hex(qeReport, 128, 160),
      qeIsvProdId: hex(qeReport, 256, 258),
      qeAttributes: hex(qeReport, 48, 64),
      type,
      ends: end === r.offset && r.offset === quote.byteLength,
    },
    parts,
    ...{ quoteSignature, attestationKey, qeReport, qeReportSignature, authenticationData },
    certificates: pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  }
}

function isSignedBy(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

describe('a simulated SGX quote', () => {
  const authority = createMockAuthority({ now: NOW })
  const quote = authority.quoteSgx(REPORT_DATA, MOCK_ENCLAVE)
  const simulated = layoutOf(quote)
  const real = layoutOf(REAL)

  test('is of the same kind as a real one, and has its parts where a real one has them', () => {
    expect(simulated.kind).toEqual(real.kind)
    expect(simulated.parts).toEqual(real.parts)
    expect(simulated.certificates).toHaveLength(3)
  })

  test('carries the enclave and report data at the offsets of the report', () => {
    const at = (offset: number, length: number): string => toHex(quote.slice(48 + offset, 48 + offset + length))
    expect([at(64, 32), at(128, 32), at(256, 2), at(258, 2)]).toEqual([
      MOCK_ENCLAVE.mrEnclave,
      MOCK_ENCLAVE.mrSigner,
      '0700',
      '0300',
    ])
    expect(at(320, 64)).toBe(toHex(REPORT_DATA))
  })

  test.each([
    ['simulated', simulated, quote],
    ['real', real, REAL],
  ])('is signed along the chain as a real one is: %s', (_, layout, whole) => {
    const [leaf = ''] = layout.certificates
    expect(isSignedBy(new X509Certificate(leaf).publicKey, layout.qeReport, layout.qeReportSignature)).toBe(true)
    const bound = createHash('sha256').update(concatBytes(layout.attestationKey, layout.authenticationData))
    expect(toHex(layout.qeReport.slice(320))).toBe(bound.digest('hex') + '00'.repeat(32))
    const [x = '', y = ''] = [layout.attestationKey.slice(0, 32), layout.attestationKey.slice(32)].map(toBase64Url)
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    expect(isSignedBy(key, whole.slice(0, 432), layout.quoteSignature)).toBe(true)
  })

  test('is refused misuse: report data or a measurement of another length', () => {
    expect(() => authority.quoteSgx(new Uint8Array(63), MOCK_ENCLAVE)).toThrow(RangeError)
    expect(() => authority.quoteSgx(REPORT_DATA, { ...MOCK_ENCLAVE, mrEnclave: 'aa' })).toThrow(RangeError)
  })

  test('says what a test changed in header and report, signed as changed', () => {
    const changed = createMockAuthority({
      now: NOW,
      changes: {
        sgxQuoteHeader: (header) => ({ ...header, qeSvn: 9 }),
        enclaveReport: (report) => ({ ...report, configSvn: 5 }),
      },
    }).quoteSgx(REPORT_DATA, MOCK_ENCLAVE)
    expect([changed[8], changed[48 + 260]]).toEqual([9, 5])
  })

  test('comes with endorsements for SGX, under the root of those for TDX', async () => {
    const source = authority.sgxSource()
    expect(source.format).toBe('simulated-sgx')
    expect((await source.collect(REPORT_DATA)).bytes).toHaveLength(quote.byteLength)
    const endorsements = authority.endorseSgx(NOW)
    expect(endorsements.tcbInfo).toMatch(/^\{"tcbInfo":\{"id":"SGX","version":3,/)
    expect(endorsements.tcbInfo).not.toContain('tdx')
    expect(endorsements.qeIdentity).toMatch(/^\{"enclaveIdentity":\{"id":"QE","version":2,/)
    expect(endorsements.tcbInfoIssuerChain).toBe(authority.endorsements.tcbInfoIssuerChain)
  })
})
