import { createHash, verify, X509Certificate } from 'node:crypto'
import { fromBase64Url, toHex, unixSeconds } from '@blindai/core'
import {
  createMockNvidiaAuthority,
  MOCK_NVIDIA_VERSIONS,
  mockMeasurement,
  type NvidiaRole,
  nonceOf,
} from '@blindai/simulator'
import { parsePolicy, verifyEvidence } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'

const NOW = unixSeconds(1_800_000_000)
const CHAINS: readonly (readonly NvidiaRole[])[] = [
  ['gpu', 'device', 'provisioner', 'identity', 'deviceRoot'],
  ['rimSigner', 'rimIssuer', 'rimAuthority', 'rimRoot'],
]
const NONCE = new Uint8Array(32).fill(7)

describe('a mock authority for GPUs', () => {
  const authority = createMockNvidiaAuthority({ now: NOW })
  const { certificates, endorsements } = authority

  test.each(CHAINS.map((roles) => [roles]))(
    'issues a chain in which each certificate is signed by the next: %s',
    (roles) => {
      const chain = roles.map((role) => new X509Certificate(certificates[role]))
      chain.forEach((certificate, i) => {
        const issuer = chain[i + 1] ?? certificate
        expect(certificate.verify(issuer.publicKey), roles[i]).toBe(true)
        expect(certificate.checkIssued(issuer), roles[i]).toBe(true)
        expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1')
      })
      expect(chain.map(({ ca }) => ca)).toEqual([false, ...chain.slice(1).map(() => true)])
    },
  )
  test('names its roots by their digests', () => {
    expect(authority.rootSha256).toBe(createHash('sha256').update(certificates.deviceRoot).digest('hex'))
    expect(authority.rimRootSha256).toBe(createHash('sha256').update(certificates.rimRoot).digest('hex'))
  })
  test('signs request and answer with the key of the GPU', () => {
    const report = authority.attest(NONCE)
    const key = { key: authority.keys.gpu.publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha384', report.subarray(0, -96), key, report.subarray(-96))).toBe(true)
    expect(toHex(report.subarray(4, 36))).toBe(toHex(NONCE))
    expect(toHex(report.subarray(37 + 8 + 7, 37 + 8 + 55))).toBe(toHex(mockMeasurement(1)))
  })
  test('signs manifests over their digest without the signature', () => {
    const { driverRim } = endorsements
    const content = driverRim.replace(/<ds:Signature [\s\S]*<\/ds:Signature>/, '')
    expect(driverRim).toContain(
      `<ds:DigestValue>${createHash('sha384').update(content).digest('base64')}</ds:DigestValue>`,
    )
  })
  test('answers for five certificates, each by its serial number', () => {
    const serials = ['identity', 'provisioner', 'rimAuthority', 'rimIssuer', 'rimSigner'] as const
    expect(endorsements.ocsp).toHaveLength(serials.length)
    for (const [i, role] of serials.entries()) {
      const response = toHex(fromBase64Url('response', endorsements.ocsp[i] ?? ''))
      expect(response).toContain(new X509Certificate(certificates[role]).serialNumber.toLowerCase())
    }
  })
  test('gives its keys and roots to another, which is accepted by the same policy', async () => {
    const { deviceRoot, rimRoot } = certificates
    const again = createMockNvidiaAuthority({ now: NOW, keys: authority.keys, certificates: { deviceRoot, rimRoot } })
    expect(again.certificates.gpu).not.toEqual(certificates.gpu)
    const policy = parsePolicy({
      version: 1,
      name: 'test',
      simulated: {
        rootSha256: [authority.rootSha256, authority.rimRootSha256],
        nvidiaMeasurements: [{ name: 'mock', date: '2027-01-15', ...MOCK_NVIDIA_VERSIONS }],
      },
    })
    for (const { attest, endorsements } of [authority, again]) {
      const evidence = { format: 'simulated-nvidia', bytes: attest(NONCE), endorsements } as const
      expect(await verifyEvidence(evidence, policy, { now: NOW })).toMatchObject({
        status: 'affirming',
        trustClass: 'simulated',
      })
    }
  })
  test('is a source of evidence over the digest of report data', async () => {
    const source = authority.source()
    const reportData = new Uint8Array(64).fill(9)
    const { bytes } = await source.collect(reportData)
    expect(source.format).toBe('simulated-nvidia')
    expect(toHex(bytes.subarray(4, 36))).toBe(toHex(nonceOf(reportData)))
    expect(toHex(nonceOf(reportData))).toBe(createHash('sha256').update(reportData).digest('hex'))
    expect(await source.endorsements()).toBe(endorsements)
    expect(authority.source('nvidia').format).toBe('nvidia')
  })
})
