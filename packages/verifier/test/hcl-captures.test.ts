import { concatBytes, digest, equalBytes, type JsonObject, utf8 } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseHclReport } from '../src/formats/azure-hcl/hcl-report.ts'
import { parseRuntimeClaims } from '../src/formats/azure-hcl/runtime-claims.ts'
import { parseSnpReport } from '../src/formats/snp/report.ts'
import { parseTpmQuote } from '../src/formats/tpm/quote.ts'
import { parseTpmSignature, verifyTpmSignature } from '../src/formats/tpm/signature.ts'
import { type EvidenceResult, explain, parsePolicy, verifyEvidence } from '../src/index.ts'
import { hclCapture, hclCaptures, hclEvidence, hclFile, hclParts, tpmtSignature } from './support/hcl-captures.ts'

describe('a capture of an Azure confidential machine', () => {
  for (const { name, parts, endorsements, now, policy, expect: expected } of hclCaptures) {
    test(name, async () => {
      const evidence = { format: 'azure-hcl', bytes: hclEvidence(parts), endorsements } as const
      const { status, failed, tcb } = await verifyEvidence(evidence, parsePolicy(policy), { now })
      const code = failed?.error?.code
      expect(
        { status, ...(code !== undefined && { code }), ...(tcb && { tcbStatus: tcb.status }) },
        JSON.stringify(failed),
      ).toEqual(expected)
    })
  }
})

const real = hclCapture('a Milan machine of Azure is proved')
const policy = parsePolicy(real.policy)

async function judge(bytes: Uint8Array): Promise<EvidenceResult> {
  return verifyEvidence({ format: 'azure-hcl', bytes, endorsements: real.endorsements }, policy, { now: real.now })
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))

describe('the evidence of a real Azure machine', () => {
  test('says who made the machine, on what, and what its guest started', async () => {
    const result = await judge(hclEvidence(real.parts))
    expect(result).toMatchObject({ status: 'affirming', trustClass: 'hardware', trustFlags: ['code'] })
    expect(result.claims).toMatchObject({
      format: 'azure-hcl',
      reportData: '6368616c6c656e6765',
      vmUniqueId: '26F8BC30-774E-4290-8E7A-535F3B672AEE',
      secureBoot: true,
      consoleEnabled: true,
      userData: '00'.repeat(64),
      quoteKey: { signature: 'RSASSA with SHA-256' },
      hardware: { format: 'sev-snp', vmpl: 0, platform: { product: 'Milan' } },
      release: 'the captured machine',
    })
    expect(explain(result)).toContain('hardware: the machine keeps whoever runs it out of its memory')
  })
  test('says of which format its hardware is, on TDX too', async () => {
    const { parts, endorsements, now, policy } = hclCapture('a machine of Azure on TDX is genuine')
    const evidence = { format: 'azure-hcl', bytes: hclEvidence(parts), endorsements } as const
    expect(await verifyEvidence(evidence, parsePolicy(policy), { now })).toMatchObject({
      trustClass: 'hardware',
      claims: { format: 'azure-hcl', hardware: { format: 'tdx' } },
    })
  })
  test('is refused with any one bit of the report flipped, and only the request type says nothing', async () => {
    for (let byte = 0; byte < 2600; byte += 7) {
      if (byte >= 12 && byte < 16) continue
      const report = flipped(real.parts.report, 8 * byte + (byte % 8))
      const result = await judge(hclEvidence({ ...real.parts, report }))
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of the quote or its signature flipped', async () => {
    for (let byte = 0; byte < 122; byte += 3) {
      const quoted = flipped(real.parts.quoted, 8 * byte + (byte % 8))
      expect((await judge(hclEvidence({ ...real.parts, quoted }))).status, `quote ${byte}`).toBe('none')
    }
    for (let byte = 0; byte < 256; byte += 9) {
      const rsa = flipped(real.parts.rsa, 8 * byte + (byte % 8))
      expect((await judge(hclEvidence({ ...real.parts, rsa }))).status, `signature ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of any register flipped', async () => {
    for (const pcr of real.parts.pcrs.keys()) {
      const pcrs = real.parts.pcrs.map((value, i) => (i === pcr ? flipped(value, 8 * pcr + 3) : value))
      expect((await judge(hclEvidence({ ...real.parts, pcrs }))).failed?.error?.code, `PCR ${pcr}`).toBe(
        'TPM_PCR_DIGEST_MISMATCH',
      )
    }
  })
  test('is refused with the quote of another machine, whole as it is', async () => {
    const { quoted, rsa, pcrs } = hclParts('azure-tdx-evidence-v1.json')
    const result = await judge(hclEvidence({ ...real.parts, quoted, rsa, pcrs }))
    expect(result.failed).toMatchObject({ code: 'tpm.quote-signature', error: { code: 'TPM_SIGNATURE_INVALID' } })
  })
  test('is refused wherever its text is cut, as malformed', async () => {
    const bytes = hclEvidence(real.parts)
    for (let length = 0; length < bytes.byteLength; length += 97) {
      const result = await judge(bytes.slice(0, length))
      expect(result.failed, `${length} bytes`).toMatchObject({ code: 'evidence.form', error: { code: 'NOT_JSON' } })
    }
  })
  test('is refused wherever its report is cut before the padding, as malformed', () => {
    for (let length = 0; length < 2346; length += 13) {
      expect(() => parseHclReport(real.parts.report.slice(0, length)), `${length} bytes`).toThrow(
        expect.objectContaining({ code: 'TRUNCATED' }),
      )
    }
  })
  test('is refused with anything after it, and after its report', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 40 }), async (more) => {
        const after = concatBytes(real.parts.report, more, Uint8Array.of(1))
        expect(() => parseHclReport(after)).toThrow(expect.objectContaining({ code: 'TRAILING_BYTES' }))
        const text = concatBytes(hclEvidence(real.parts), Uint8Array.of(0x21), more)
        expect((await judge(text)).failed?.code).toBe('evidence.form')
      }),
      { numRuns: 50, seed: 20261127 },
    )
  })
  test('is refused when it is longer than any', async () => {
    expect((await judge(new Uint8Array(65_537).fill(0x20))).failed?.error).toMatchObject({
      code: 'TOO_LONG',
      details: { length: 65_537, limit: 65_536 },
    })
  })
})

describe('a report of one of the first Azure machines with SEV-SNP', () => {
  const report = parseHclReport(hclFile('kinvolk-hcl-report-snp.bin'))
  test('holds a hardware report that vouches for its claims', async () => {
    const { reportData, version, vmpl } = parseSnpReport(report.hardwareReport)
    expect({ hardware: report.hardware, version, vmpl }).toEqual({ hardware: 'snp', version: 2, vmpl: 0 })
    const hash = await digest('SHA-256', report.runtimeClaims)
    expect(equalBytes(reportData, concatBytes(hash, new Uint8Array(32)))).toBe(true)
  })
  test('names the key of its TPM, with the older use', () => {
    const { attestationKey, ...machine } = parseRuntimeClaims(report.runtimeClaims)
    expect(attestationKey.kind).toBe('RSA')
    expect(machine).toEqual({
      vmUniqueId: 'BAEFD3E1-184B-4C4C-AB88-0BDAD260505F',
      secureBoot: true,
      consoleEnabled: true,
    })
  })
})

describe('a quote of an Azure TPM without its report', () => {
  const quoted = hclFile('az-snp-tpm-quote.msg')
  const signature = parseTpmSignature(tpmtSignature(hclFile('az-snp-tpm-quote.sig')))
  test('is read', () => {
    const { extraData, selections } = parseTpmQuote(quoted)
    expect(new TextDecoder().decode(extraData)).toBe('challenge')
    expect(selections).toEqual([{ bank: 'SHA-256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 14] }])
  })
  for (const name of [
    'azure-snp-milan-evidence-v1.json',
    'azure-snp-genoa-evidence.json',
    'azure-tdx-evidence-v1.json',
  ]) {
    test(`is not signed by the key of ${name}`, async () => {
      const { attestationKey } = parseRuntimeClaims(parseHclReport(hclParts(name).report).runtimeClaims)
      const verified = verifyTpmSignature('HCLAkPub', attestationKey, signature, quoted)
      await expect(verified).rejects.toMatchObject({ code: 'TPM_SIGNATURE_INVALID' })
    })
  }
})

describe('whatever comes in as evidence of an Azure machine', () => {
  test('a result comes out, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect((await judge(utf8(JSON.stringify(value)))).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
  test('also with members of the right names', async () => {
    const members = ['version', 'report', 'tdQuote', 'quoted', 'signature', 'pcrs']
    const base: JsonObject = JSON.parse(new TextDecoder().decode(hclEvidence(real.parts)))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...members), fc.jsonValue(), async (member, value) => {
        const result = await judge(utf8(JSON.stringify({ ...base, [member]: value })))
        expect(['none', 'affirming']).toContain(result.status)
        if (result.status === 'affirming') expect(value).toEqual(base[member])
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
  test('also as claims', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => parseRuntimeClaims(utf8(JSON.stringify(value)))).toThrow(
          expect.objectContaining({ name: expect.stringMatching(/^(?:Malformed|Verifier)Error$/) }),
        )
      }),
      { numRuns: 300, seed: 20261127 },
    )
  })
})
