import { concatBytes, digest, equalBytes, toHex } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLOUD_AK_ROOT_SHA256, type EvidenceResult, explain, parsePolicy, verifyEvidence } from '../src/index.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { verifyChain } from '../src/x509/chain.ts'
import { derOf } from './support/captures.ts'
import { tpmCase, tpmCases, tpmFile } from './support/tpm-captures.ts'

describe('a captured quote of a TPM', () => {
  for (const { name, policy, now, expect: expected, ...evidence } of tpmCases) {
    test(name, async () => {
      const result = await verifyEvidence(evidence, parsePolicy(policy), { now })
      const { status, trustClass, failed } = result
      const code = failed?.error?.code
      expect({ status, ...(code !== undefined && { code }), trustClass }, JSON.stringify(failed)).toEqual(expected)
    })
  }
})

const real = tpmCase('a boot from a disk, whose registers')
const policy = parsePolicy(real.policy)
const judge = (bytes: Uint8Array, log = real.log): Promise<EvidenceResult> =>
  verifyEvidence({ format: 'tpm', bytes, ...(log && { log }) }, policy, { now: real.now })

describe('the quote of our own boot', () => {
  test('gives its key, its clock and its registers, and names the one that its log does not explain', async () => {
    const result = await judge(real.bytes)
    expect(result.claims).toMatchObject({
      format: 'tpm',
      attestationKey: { boundBy: 'policy', signature: 'ECDSA with SHA-256' },
      clock: { resetCount: 8, restartCount: 0, safe: true },
      eventLog: { unexplained: ['sha256 PCR 10'] },
    })
    expect(explain(result)).toContain('which say nothing of sha256 PCR 10')
  })
  test('is refused with the log of the other boot', async () => {
    const { log } = tpmCase('a boot through QEMU')
    expect((await judge(real.bytes, log)).failed).toMatchObject({
      code: 'tpm.event-log',
      error: { code: 'EVENT_LOG_MISMATCH' },
    })
  })
  test('is refused wherever it is cut, as malformed', async () => {
    for (let length = 0; length < real.bytes.byteLength; length += 7) {
      const result = await judge(real.bytes.slice(0, length))
      expect(result, `${length} bytes`).toMatchObject({
        status: 'none',
        failed: { code: 'evidence.form', error: { code: 'NOT_JSON', answer: 'malformed' } },
      })
    }
  })
  test('is refused with anything after it but white space', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (more) => {
        const isSpace = more.every((byte) => [0x20, 0x09, 0x0a, 0x0d].includes(byte))
        const { failed } = await judge(concatBytes(real.bytes, more))
        if (!isSpace) expect(['NOT_JSON', 'NOT_UTF8']).toContain(failed?.error?.code)
      }),
      { numRuns: 50, seed: 20261127 },
    )
  })
})

describe('whatever comes in as the quote of a TPM', () => {
  test('a result comes out, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await judge(bytes)).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
  test('also with any bytes in the place of its parts', async () => {
    const text = JSON.parse(new TextDecoder().decode(real.bytes))
    const part = fc.constantFrom('quoted', 'signature', 'akPublic')
    await fc.assert(
      fc.asyncProperty(part, fc.base64String({ maxLength: 400 }), async (name, value) => {
        const changed = new TextEncoder().encode(JSON.stringify({ ...text, [name]: value.replaceAll(/[+/=]/g, 'A') }))
        expect((await judge(changed)).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
})

describe('an authority of attestation keys that is pinned', () => {
  const google = (name: string) => parseCertificate(name, tpmFile(name), 'tpm')
  const azure = derOf(new TextDecoder().decode(tpmFile('azure-tpm-root-2023.pem')))
  test('is the one whose certificate is kept', async () => {
    const hash = async (der: Uint8Array) => toHex(await digest('SHA-256', der))
    expect(CLOUD_AK_ROOT_SHA256).toEqual({
      googleEkAkRoot: await hash(tpmFile('gcp_ek_ak_ca_root.crt')),
      googleSigner2: await hash(tpmFile('tpm_ek_intermediate_2.crt')),
      googleSigner3: await hash(tpmFile('tpm_ek_intermediate_3.crt')),
      azureRoot2023: await hash(azure),
    })
  })
  test('of Google certifies the authority below it', async () => {
    const chain = [google('gcp_ek_ak_ca_intermediate_v3.crt'), google('gcp_ek_ak_ca_root.crt')]
    await verifyChain(chain, 'authority', real.now)
    expect(chain.map(({ subject }) => subject.commonName)).toEqual(['EK/AK CA Intermediate', 'EK/AK CA Root'])
  })
  test('of Azure signed itself', async () => {
    const root = parseCertificate('Azure', azure, 'tpm')
    await verifyChain([root, root], 'authority', real.now)
    expect(root.subject.commonName).toBe('Azure Virtual TPM Root Certificate Authority 2023')
    expect(root.signatureAlgorithm).toEqual({ scheme: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' })
  })
  test('is not read as the certificate of a TEE', () => {
    expect(() => parseCertificate('root', tpmFile('gcp_ek_ak_ca_root.crt'))).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM' }),
    )
    expect(equalBytes(google('gcp_ek_ak_ca_root.crt').der, tpmFile('gcp_ek_ak_ca_root.crt'))).toBe(true)
  })
})
