import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBase64Url, toHex, toPem, unixSeconds } from '@blindai/core'
import { createMockAuthority, generateKeyPair, type MockAuthority } from '@blindai/simulator'
import { describe, expect, onTestFinished, test } from 'vitest'

const NOW = unixSeconds(1_800_000_000)
const OPENSSL = 'openssl'
const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0
if (!hasOpenssl && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')) {
  throw new Error('BLINDAI_REQUIRE names faults, and openssl is not installed')
}

function parsed(der: Uint8Array): X509Certificate {
  return new X509Certificate(der)
}

/** What `openssl` says, given files by name. */
function openssl(files: Readonly<Record<string, string | Uint8Array>>, ...words: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-openssl-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const { stdout, stderr } = spawnSync(OPENSSL, words, { cwd: folder, encoding: 'utf8' })
  return stdout + stderr
}

/** What `openssl verify` says of the PCK certificate, both revocation lists at hand. */
function verifyPck({ certificates, endorsements }: MockAuthority, at: number = NOW): string {
  const pem = (der: Uint8Array): string => toPem('CERTIFICATE', der)
  const crl = (text: string): string => toPem('X509 CRL', fromBase64Url('crl', text))
  const lists = crl(endorsements.rootCaCrl) + crl(endorsements.pckCrl)
  const files = { root: pem(certificates.root), ca: pem(certificates.platformCa), pck: pem(certificates.pck), lists }
  const strict = ['-attime', String(at), '-x509_strict', '-check_ss_sig', '-crl_check_all', '-CRLfile', 'lists']
  return openssl(files, 'verify', ...strict, '-CAfile', 'root', '-untrusted', 'ca', 'pck')
}

describe('the certificates of an authority', () => {
  const authority = createMockAuthority({ now: NOW })
  const root = parsed(authority.certificates.root)
  const platformCa = parsed(authority.certificates.platformCa)
  const pck = parsed(authority.certificates.pck)
  const tcbSigning = parsed(authority.certificates.tcbSigning)

  test("have the roles of Intel's and names that say what they are", () => {
    expect([root, platformCa, pck, tcbSigning].map((certificate) => certificate.subject.split('\n'))).toEqual(
      ['Root CA', 'PCK Platform CA', 'PCK Certificate', 'TCB Signing'].map((role) => [
        `CN=BlindAI Simulated ${role}`,
        'O=BlindAI simulation that protects nothing',
        'C=US',
      ]),
    )
    expect([root.ca, platformCa.ca, pck.ca, tcbSigning.ca]).toEqual([true, true, false, false])
  })

  test('are signed and named along the chain', () => {
    expect(root.checkIssued(root) && root.verify(root.publicKey)).toBe(true)
    expect(platformCa.checkIssued(root) && platformCa.verify(root.publicKey)).toBe(true)
    expect(pck.checkIssued(platformCa) && pck.verify(platformCa.publicKey)).toBe(true)
    expect(tcbSigning.checkIssued(root) && tcbSigning.verify(root.publicKey)).toBe(true)
    expect(pck.verify(root.publicKey)).toBe(false)
  })

  test('are valid from a day ago for years, and none outlives the root', () => {
    const time = (date: string): number => Date.parse(date) / 1000
    for (const certificate of [root, platformCa, pck, tcbSigning]) {
      expect(time(certificate.validFrom)).toBe(NOW - 86_400)
      expect(time(certificate.validTo)).toBeLessThanOrEqual(time(root.validTo))
      expect(time(certificate.validTo)).toBeGreaterThan(NOW + 6 * 365 * 86_400)
    }
  })

  test('are identified by the digest of the root', async () => {
    const expected = await crypto.subtle.digest('SHA-256', new Uint8Array(authority.certificates.root))
    expect(authority.rootSha256).toBe(toHex(new Uint8Array(expected)))
  })

  test('belong to the keys of the authority', () => {
    expect(root.checkPrivateKey(authority.keys.root.privateKey)).toBe(true)
    expect(pck.checkPrivateKey(authority.keys.pck.privateKey)).toBe(true)
    expect(tcbSigning.checkPrivateKey(authority.keys.pck.privateKey)).toBe(false)
  })

  test('are new for each authority', () => {
    expect(createMockAuthority({ now: NOW }).rootSha256).not.toBe(authority.rootSha256)
  })

  test.skipIf(!hasOpenssl)('are a chain to openssl, strictly read, with their revocation lists', () => {
    expect(verifyPck(authority)).toBe('pck: OK\n')
  })

  test.skipIf(!hasOpenssl)("carry the SGX extensions in the places of Intel's", () => {
    const text = openssl({ pck: toPem('CERTIFICATE', authority.certificates.pck) }, 'asn1parse', '-in', 'pck', '-dump')
    const extension = /1\.2\.840\.113741\.1\.13\.1\s+\d+:d=5 {2}hl=4 l= *(\d+) prim:/.exec(text.replaceAll('\n', ' '))
    // Intel's own have 554 bytes here where every SVN is below 128.
    expect(Number(extension?.[1])).toBe(554)
  })

  test.skipIf(!hasOpenssl)('are a chain to openssl also where they outlive the year 2049', () => {
    const late = unixSeconds(Date.UTC(2048, 11, 15) / 1000)
    const authority = createMockAuthority({ now: late })
    expect(parsed(authority.certificates.root).validTo).toMatch(/ 2068 GMT$/)
    expect(verifyPck(authority, late)).toBe('pck: OK\n')
  })

  test.skipIf(!hasOpenssl)('are refused by openssl when a list revokes them', () => {
    const serial = new Uint8Array([0x40, 0x99])
    const revoking = createMockAuthority({
      now: NOW,
      changes: {
        pckCertificate: (fields) => ({ ...fields, serial }),
        pckCrl: (crl) => ({ ...crl, revoked: [{ serial, date: NOW, reason: 1 }] }),
      },
    })
    expect(verifyPck(revoking)).toMatch(/error 23 at 0 depth lookup: certificate revoked/)
  })

  test.skipIf(!hasOpenssl)('are refused by openssl when another key signed a list', () => {
    const forging = createMockAuthority({
      now: NOW,
      changes: { rootCrl: (crl) => ({ ...crl, signingKey: generateKeyPair() }) },
    })
    expect(verifyPck(forging)).toMatch(/CRL signature failure/)
  })
})
