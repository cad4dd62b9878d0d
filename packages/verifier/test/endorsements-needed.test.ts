import { fromBase64Url, fromHex, toHex, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { endorsementsNeeded, readEndorsement } from '../src/index.ts'
import { captures, derOf, file, pckChain, sgxCaptures } from './support/captures.ts'
import { pemBytes, pemParts, snpCaptures, snpFile } from './support/snp-captures.ts'

describe('the endorsements that real evidence needs', () => {
  test.each([
    ['tdx-v4-b0c0.quote.bin', 'b0c06f000000', 'platform'],
    ['tdx-v4-5080-debug.quote.bin', '50806f000000', 'platform'],
    ['tdx-v5-90c0-alibaba.quote.bin', '90c06f000000', 'platform'],
  ] as const)('of %s are those of FMSPC %s and the %s CA', (name, fmspc, ca) => {
    const bytes = name === 'tdx-v4-b0c0.quote.bin' ? b0c0Quote() : file(name)
    const needs = { technology: 'dcap', tee: 'tdx', fmspc, ca }
    expect(endorsementsNeeded({ format: 'tdx', bytes })).toEqual(needs)
    expect(endorsementsNeeded({ format: 'simulated', bytes })).toEqual(needs)
  })

  test.each([
    ['sgx-v3-a067.quote.bin', '00a067110000', 'processor'],
    ['sgx-v3-606a-debug.quote.bin', '00606a000000', 'platform'],
  ] as const)('of %s are those of FMSPC %s and the %s CA', (name, fmspc, ca) => {
    const bytes = file(name, 'sgx')
    const needs = { technology: 'dcap', tee: 'sgx', fmspc, ca }
    expect(endorsementsNeeded({ format: 'sgx', bytes })).toEqual(needs)
    expect(endorsementsNeeded({ format: 'simulated-sgx', bytes })).toEqual(needs)
  })

  test.each([
    ['milan-v2-coco', ['Milan', 'Genoa'], 64, { bootLoader: 3, tee: 0, snp: 8, microcode: 0x73 }],
    ['oak-milan-oc-release', ['Milan'], 64, { bootLoader: 4, tee: 0, snp: 0x18, microcode: 0xdb }],
    ['azure-genoa-v3', ['Genoa'], 64, { bootLoader: 0x0a, tee: 0, snp: 0x17, microcode: 0x54 }],
    ['oak-turin-oc', ['Turin'], 8, { fmc: 0, bootLoader: 1, tee: 0, snp: 2, microcode: 0x47 }],
  ] as const)('of %s are a VCEK of %s for a chip of %i bytes and its TCB', (name, products, hwIdBytes, tcb) => {
    const bytes = snpFile(`${name}.report.bin`)
    const hwId = toHex(bytes.subarray(0x1a0, 0x1a0 + hwIdBytes))
    const needs = { technology: 'snp', signingKey: 'VCEK', products, hwId, tcb }
    expect(endorsementsNeeded({ format: 'sev-snp', bytes })).toEqual(needs)
  })

  test('are the same for evidence of the simulated kind', () => {
    const sgx = file('sgx-v3-a067.quote.bin', 'sgx')
    const snp = snpFile('oak-turin-oc.report.bin')
    for (const [simulated, format, bytes] of [
      ['simulated', 'tdx', b0c0Quote()],
      ['simulated-sgx', 'sgx', sgx],
      ['simulated-sev-snp', 'sev-snp', snp],
    ] as const) {
      expect(endorsementsNeeded({ format: simulated, bytes })).toEqual(endorsementsNeeded({ format, bytes }))
    }
  })

  test('of a report by a lent key name no chip', () => {
    const needs = endorsementsNeeded({ format: 'sev-snp', bytes: snpFile('milan-v3-aws-vlek.report.bin') })
    expect(needs).toMatchObject({ technology: 'snp', signingKey: 'VLEK', products: ['Milan'] })
    expect(needs).not.toHaveProperty('hwId')
  })

  test('of a format that no service of Intel or AMD endorses are none', () => {
    for (const format of ['nitro', 'simulated-nitro', 'tpm', 'nvidia'] as const) {
      expect(endorsementsNeeded({ format, bytes: new Uint8Array() })).toBeUndefined()
    }
  })
})

describe('evidence of which nothing can be asked', () => {
  const report = (offset: number, replacement: Uint8Array): Uint8Array => {
    const bytes = snpFile('oak-milan-oc-release.report.bin').slice()
    bytes.set(replacement, offset)
    return bytes
  }

  // Source: AMD 56860, "ATTESTATION_REPORT Structure".
  test.each([
    [
      'hides its chip (CHIP_ID)',
      0x1a0,
      new Uint8Array(64),
      'UNSUPPORTED_VALUE',
      { field: 'SNP report CHIP_ID', expected: 'the identifier of the chip', actual: 'zeros' },
    ],
    [
      'is of a processor nobody knows (CPUID_MOD_ID)',
      0x189,
      Uint8Array.of(0x50),
      'UNSUPPORTED_VALUE',
      { field: 'SNP report CPUID', expected: 'Milan, Genoa or Turin', actual: '19.50.1' },
    ],
    [
      'is signed by no key (SIGNING_KEY)',
      0x048,
      Uint8Array.of(7 << 2),
      'SNP_REPORT_NOT_SIGNED',
      { field: 'SIGNING_KEY' },
    ],
    [
      'has its chip key masked (MASK_CHIP_KEY)',
      0x048,
      Uint8Array.of(2),
      'SNP_REPORT_NOT_SIGNED',
      { field: 'MASK_CHIP_KEY' },
    ],
  ] as const)('is refused when it %s', (_, offset, replacement, code, details) => {
    const bytes = report(offset, replacement)
    for (const format of ['sev-snp', 'simulated-sev-snp'] as const) {
      expect(thrownBy(() => endorsementsNeeded({ format, bytes }))).toMatchObject({ code, details })
    }
  })

  test('says what it should name', () => {
    const refused = (offset: number, ...octets: readonly number[]): unknown =>
      thrownBy(() => endorsementsNeeded({ format: 'sev-snp', bytes: report(offset, Uint8Array.from(octets)) }))
    expect(refused(0x1a0, ...new Uint8Array(64))).toMatchObject({
      details: { expected: 'the identifier of the chip', actual: 'zeros' },
    })
    expect(refused(0x188, 0x1f, 0x50, 0x0a)).toMatchObject({
      details: { expected: 'Milan, Genoa or Turin', actual: '1f.50.a' },
    })
    // REPORTED_TCB at 0x180: octets 2 to 5 of Milan are reserved.
    expect(refused(0x182, 1)).toMatchObject({
      code: 'RESERVED_NOT_ZERO',
      details: { field: expect.stringMatching(/^SNP report REPORTED_TCB/) },
    })
  })

  test('is refused when it is cut, at every length', () => {
    const quote = b0c0Quote()
    for (let length = 0; length < 200; length++) {
      expect(() => endorsementsNeeded({ format: 'tdx', bytes: quote.subarray(0, length) })).toThrow()
    }
  })

  test('is refused when an authority of another name issued the platform', () => {
    const quote = b0c0Quote()
    const text = Array.from(quote, (byte) => String.fromCharCode(byte)).join('')
    const start = text.indexOf('-----BEGIN CERTIFICATE-----\n') + '-----BEGIN CERTIFICATE-----\n'.length
    const end = text.indexOf('\n-----END CERTIFICATE-----', start)
    const der = atob(text.slice(start, end).replaceAll('\n', ''))
    const renamed = btoa(der.replace('Intel SGX PCK Platform CA', 'Intel SGX PCK Platfarm CA')).match(/.{1,64}/g)
    const changed = `${text.slice(0, start)}${renamed?.join('\n')}${text.slice(end)}`
    const bytes = Uint8Array.from(changed, (character) => character.charCodeAt(0))
    expect(thrownBy(() => endorsementsNeeded({ format: 'tdx', bytes }))).toMatchObject({
      code: 'CERTIFICATE_ROLE_MISMATCH',
      details: {
        chain: 'PCK chain',
        position: 1,
        expected: expect.stringMatching(/^Intel SGX PCK P.* CA or .* CA$/),
        actual: 'Intel SGX PCK Platfarm CA',
      },
    })
  })
})

describe('what a part of real endorsements says of itself', () => {
  test('is the window of each part of each capture', () => {
    for (const { endorsements, now } of [...captures, ...sgxCaptures]) {
      const parts = [
        readEndorsement('tcb-info', 'TCB info', utf8(endorsements.tcbInfo)),
        readEndorsement('qe-identity', 'QE identity', utf8(endorsements.qeIdentity)),
        readEndorsement('revocation-list', 'CRL', fromBase64Url('CRL', endorsements.pckCrl)),
        readEndorsement('certificate-chain', 'chain', utf8(endorsements.tcbInfoIssuerChain)),
      ]
      for (const { notBefore, notAfter } of parts) expect(notBefore).toBeLessThan(notAfter)
      expect(parts[3]?.notAfter).toBeGreaterThan(now)
    }
  })

  test('is valid from the latest beginning to the earliest end of a chain', () => {
    const quote = b0c0Quote()
    const certificates = pckChain(quote).map((text) => readEndorsement('certificate', 'one', derOf(text)))
    const [begins, ends] = [certificates.map((one) => one.notBefore), certificates.map((one) => one.notAfter)]
    expect(new Set(begins).size).toBe(3)
    expect(readEndorsement('certificate-chain', 'chain', utf8(pckChain(quote).join('')))).toEqual({
      notBefore: Math.max(...begins),
      notAfter: Math.min(...ends),
    })
  })

  test('names TEE, family and dates of TCB info', () => {
    const [first] = captures
    if (first === undefined) throw new Error('there are no captures')
    const { endorsements } = first
    expect(readEndorsement('tcb-info', 'TCB info', utf8(endorsements.tcbInfo))).toMatchObject({
      id: 'TDX',
      fmspc: 'b0c06f000000',
    })
    expect(readEndorsement('qe-identity', 'QE identity', utf8(endorsements.qeIdentity))).toMatchObject({ id: 'TD_QE' })
  })

  test('is read from AMD certificates and lists', () => {
    const [certificate] = snpCaptures.flatMap(({ endorsements: { vcek } }) => vcek ?? [])
    expect(readEndorsement('certificate', 'VCEK', fromBase64Url('VCEK', certificate ?? '')).notAfter).toBeGreaterThan(0)
    const list = pemBytes(pemParts('openpcc-amd_genoa_crl.pem')[0] ?? '')
    expect(readEndorsement('revocation-list', 'ARK CRL', list).notAfter).toBeGreaterThan(unixSeconds(1_700_000_000))
  })

  test.each([
    ['tcb-info', utf8('{"tcbInfo":{},"signature":""}'), 'WRONG_VALUE'],
    ['qe-identity', utf8('<html>'), 'WRONG_VALUE'],
    ['revocation-list', utf8('<html>'), 'NOT_DER'],
    ['certificate', fromHex('DER', '3000'), 'NOT_DER'],
    ['certificate-chain', utf8('<html>'), 'NOT_PEM'],
    ['certificate-chain', Uint8Array.of(0xff, 0xfe), 'NOT_UTF8'],
  ] as const)('is nothing when a %s is none', (part, bytes, code) => {
    expect(thrownBy(() => readEndorsement(part, 'part', bytes))).toMatchObject({ code })
  })
})

/** The one capture that carries bytes after the quote which are no zeros. */
function b0c0Quote(): Uint8Array {
  return file('tdx-v4-b0c0.quote.bin').slice(0, -70)
}

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
