import { X509Certificate } from 'node:crypto'
import { concatBytes, fromHex, toHex, unixSeconds, utf8 } from '@blindai/core'
import { createMockNitroAuthority, MOCK_NITRO_PCRS, type NitroChanges, writeCbor } from '@blindai/simulator'
import { parsePolicy, verifyEvidence } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import examples from '../../../vectors/crypto/cbor/appendix_a.json' with { type: 'json' }

const NOW = unixSeconds(1_800_000_000)
const USER_DATA = new Uint8Array(64).fill(7)
const CHAIN = ['enclave', 'instance', 'zone', 'region', 'root'] as const

describe('the writer of CBOR', () => {
  for (const { hex, decoded, roundtrip } of examples) {
    const isWritten = typeof decoded === 'string' || (typeof decoded === 'number' && Number.isInteger(decoded))
    if (!roundtrip || !isWritten) continue
    if (/^f/.test(hex)) continue
    test(`writes ${JSON.stringify(decoded)} as RFC 8949 does`, () => expect(toHex(writeCbor(decoded))).toBe(hex))
  }
  test('writes bytes, lists, maps, tags, and what stands for itself', () => {
    expect(toHex(writeCbor(fromHex('bytes', '01020304')))).toBe('4401020304')
    expect(toHex(writeCbor([1, [2, 3], [4, 5]]))).toBe('8301820203820405')
    expect(
      toHex(
        writeCbor({
          entries: [
            [1, 2],
            [3, 4],
          ],
        }),
      ),
    ).toBe('a201020304')
    expect(toHex(writeCbor({ entries: [['Fun', true]], indefinite: true }))).toBe('bf6346756ef5ff')
    expect(toHex(writeCbor({ tag: 1, value: 1_363_896_240 }))).toBe('c11a514b67b0')
    expect(toHex(writeCbor([null, false, { raw: fromHex('raw', 'ff') }]))).toBe('83f6f4ff')
  })
  test('refuses a number that it cannot write exactly', () => {
    expect(() => writeCbor(2 ** 53)).toThrowError(RangeError)
    expect(() => writeCbor(1.5)).toThrowError(RangeError)
  })
})

describe('a mock authority for Nitro', () => {
  const authority = createMockNitroAuthority({ now: NOW })
  const certificates = CHAIN.map((role) => new X509Certificate(authority.certificates[role]))

  test('issues a chain in which each certificate is signed by the next, and the root by itself', () => {
    certificates.forEach((certificate, i) => {
      const issuer = certificates[i + 1] ?? certificate
      expect(certificate.verify(issuer.publicKey), CHAIN[i]).toBe(true)
      expect(certificate.checkIssued(issuer), CHAIN[i]).toBe(true)
    })
  })
  test('has an authority in every place but the first, all on P-384', () => {
    expect(certificates.map(({ ca }) => ca)).toEqual([false, true, true, true, true])
    for (const { publicKey } of certificates) {
      expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1')
    }
  })
  test('gives its root and its keys to another, whose certificates differ', () => {
    const again = createMockNitroAuthority({
      now: NOW,
      keys: authority.keys,
      rootCertificate: authority.certificates.root,
    })
    expect(again.rootSha256).toBe(authority.rootSha256)
    expect(again.certificates.enclave).not.toEqual(authority.certificates.enclave)
  })
  test('attests so that the verifier believes it under its own root', async () => {
    const { pcr0, pcr1, pcr2 } = MOCK_NITRO_PCRS
    const policy = parsePolicy({
      version: 1,
      name: 'test',
      simulated: {
        rootSha256: [authority.rootSha256],
        nitroMeasurements: [{ name: 'mock', date: '2026-11-23', pcr0, pcr1, pcr2 }],
      },
    })
    const source = authority.source()
    const { bytes } = await source.collect(USER_DATA)
    const result = await verifyEvidence({ format: 'simulated-nitro', bytes }, policy, { now: NOW })
    expect(result).toMatchObject({
      status: 'affirming',
      claims: { reportData: toHex(USER_DATA), signedAt: '2027-01-15T08:00:00Z', pcrs: MOCK_NITRO_PCRS },
    })
    expect(await source.endorsements()).toBeUndefined()
    expect(authority.source('nitro').format).toBe('nitro')
  })
  test('signs the time that it is asked for', () => {
    const at = toHex(authority.attest(USER_DATA, unixSeconds(NOW + 1)))
    expect(at).toContain(`${toHex(utf8('timestamp'))}1b${((NOW + 1) * 1000 + 577).toString(16).padStart(16, '0')}`)
  })
  test('makes every change, and signs what a change left behind', () => {
    const seen: string[] = []
    const note = (step: string): undefined => {
      seen.push(step)
    }
    const changes: NitroChanges = {
      root: (value) => note('root') ?? value,
      region: (value) => note('region') ?? value,
      zone: (value) => note('zone') ?? value,
      instance: (value) => note('instance') ?? value,
      enclave: (value) => note('enclave') ?? value,
      document: (value) => note('document') ?? value,
      payload: (value) => note('payload') ?? value,
      protectedHeader: (value) => note('protectedHeader') ?? value,
      unprotectedHeader: (value) => note('unprotectedHeader') ?? value,
      signature: (value) => note('signature') ?? value,
      message: (value) => note('message') ?? value,
      evidence: (value) => note('evidence') ?? concatBytes(value, new Uint8Array(1)),
    }
    const bytes = createMockNitroAuthority({ now: NOW, changes }).attest(USER_DATA)
    expect(seen).toEqual(Object.keys(changes))
    expect(bytes.at(-1)).toBe(0)
  })
})
