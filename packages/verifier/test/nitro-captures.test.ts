import { concatBytes, digest, toHex, unixSeconds } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNitroDocument } from '../src/formats/nitro/attestation-document.ts'
import { AWS_NITRO_ROOT_SHA256, type EvidenceResult, explain, parsePolicy, verifyEvidence } from '../src/index.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { nitroCapture, nitroCaptures, nitroCertificate } from './support/nitro-captures.ts'

describe('a capture of AWS Nitro', () => {
  for (const { name, format, bytes, policy, now, expect: expected } of nitroCaptures) {
    test(name, async () => {
      const result = await verifyEvidence({ format, bytes }, parsePolicy(policy), { now })
      const { status, trustClass, failed } = result
      const code = failed?.error?.code
      expect({ status, ...(code !== undefined && { code }), trustClass }, JSON.stringify(failed)).toEqual(expected)
    })
  }
})

const real = nitroCapture('a production enclave in the second')
const policy = parsePolicy({ version: 1, name: 'test' })
const judge = (bytes: Uint8Array): Promise<EvidenceResult> =>
  verifyEvidence({ format: 'nitro', bytes }, policy, { now: real.now })
const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))

describe('the document of a real enclave', () => {
  test('gives its module, time, registers and user data', async () => {
    const { claims } = await judge(real.bytes)
    expect(claims).toMatchObject({
      format: 'nitro',
      rootSha256: AWS_NITRO_ROOT_SHA256,
      moduleId: 'i-0827e799ec9232d44-enc019b55a68bd2ed4b',
      signedAt: '2025-12-25T13:15:37Z',
      reportData: '00'.repeat(64),
      pcrs: { pcr3: '00'.repeat(48), pcr15: '00'.repeat(48) },
    })
    expect(claims).not.toHaveProperty('nonce')
    expect(claims).not.toHaveProperty('publicKey')
  })
  test('names no TCB and says so', async () => {
    const result = await judge(real.bytes)
    expect(result).not.toHaveProperty('tcb')
    expect(explain(result)).toContain('signed at: 2025-12-25T13:15:37Z\nTCB: not reported')
  })
  test('is refused wherever it is cut, as malformed', async () => {
    for (let length = 0; length < real.bytes.byteLength; length += 5) {
      const result = await judge(real.bytes.slice(0, length))
      expect(result, `${length} bytes`).toMatchObject({
        status: 'none',
        failed: { code: 'evidence.form', error: { code: 'TRUNCATED', answer: 'malformed' } },
      })
    }
  })
  test('is refused with anything after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (more) => {
        expect((await judge(concatBytes(real.bytes, more))).failed?.error?.code).toBe('TRAILING_BYTES')
      }),
      { numRuns: 50, seed: 20261123 },
    )
  })
  test('is refused with any one bit flipped', async () => {
    for (let byte = 0; byte < real.bytes.byteLength; byte += 3) {
      const result = await judge(flipped(real.bytes, 8 * byte + (byte % 8)))
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused when it is longer than any', async () => {
    expect((await judge(new Uint8Array(20_481))).failed?.error).toMatchObject({
      code: 'TOO_LONG',
      details: { length: 20_481, limit: 20_480 },
    })
  })
  test('is refused with endorsements, of which it has none', async () => {
    const result = await verifyEvidence({ format: 'nitro', bytes: real.bytes, endorsements: {} }, policy, real)
    expect(result.failed).toMatchObject({ code: 'endorsements.form', error: { code: 'UNKNOWN_MEMBER' } })
  })
  test('brings the root G1 that is pinned', async () => {
    const root = nitroCertificate('aws-nitro-root-g1.pem')
    expect(toHex(await digest('SHA-256', root))).toBe(AWS_NITRO_ROOT_SHA256)
    expect(parseNitroDocument(real.bytes).document.cabundle[0]).toEqual(root)
    expect(parseCertificate('root', root)).toMatchObject({
      subject: { commonName: 'aws.nitro-enclaves' },
      notBefore: unixSeconds(1_572_269_285),
      notAfter: unixSeconds(2_519_044_085),
      basicConstraints: { ca: true },
      publicKey: { curve: 'P-384' },
    })
  })
})

describe('whatever comes in as a Nitro document', () => {
  test('a result comes out, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await judge(bytes)).status).toBe('none')
      }),
      { numRuns: 500, seed: 20261123 },
    )
  })
  test('also inside a message of the right form', async () => {
    const head = new Uint8Array([0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (payload) => {
        const { byteLength } = payload
        const length = new Uint8Array(byteLength < 24 ? [0x40 | byteLength] : [0x58, byteLength])
        const signature = concatBytes(new Uint8Array([0x58, 96]), new Uint8Array(96))
        expect((await judge(concatBytes(head, length, payload, signature))).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261123 },
    )
  })
})
