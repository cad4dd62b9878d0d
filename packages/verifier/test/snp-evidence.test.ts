import { fromHex, toBase64Url, toHex } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeGuestPolicy, judgePlatformInfo } from '../src/appraisal/judge-snp-bits.ts'
import { readEndorsementKey } from '../src/formats/snp/endorsement-key.ts'
import { parseSnpReport } from '../src/formats/snp/report.ts'
import { DEFAULT_POLICY, type EvidenceResult, exitCode, explain, parsePolicy, verifyEvidence } from '../src/index.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { parseCrl } from '../src/x509/crl.ts'
import { pemBytes, pemParts, type SnpCapture, snpCapture, snpCaptures, snpFile } from './support/snp-captures.ts'

const real = snpCapture('the same is accepted where the policy names Milan')
const policy = parsePolicy(real.policy)

/** Source: AMD 56860: the signature covers 0x000 to 0x29f, and its fields end at 0x32f. */
const SIGNED_BYTES = 0x2a0

function judge(change: Partial<SnpCapture>): Promise<EvidenceResult> {
  const { report, endorsements, now } = { ...real, ...change }
  return verifyEvidence({ format: 'sev-snp', bytes: report, endorsements }, policy, { now })
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

const settings = (runs: number) => ({ numRuns: runs, seed: 20261123 })

describe('a real SEV-SNP report', () => {
  test('is accepted as it is, and says what it is', async () => {
    const result = await judge({})
    expect(result).toMatchObject({
      status: 'affirming',
      scope: 'evidence-only',
      trustClass: 'hardware',
      claims: {
        format: 'sev-snp',
        reportVersion: 3,
        guestPolicy: '000000000003001f',
        guestPolicyNames: ['SMT', 'RESERVED_17'],
        guestPolicyAbi: '0.31',
        platform: {
          product: 'Milan',
          signingKey: 'VCEK',
          platformInfoNames: ['SMT_EN', 'ECC_EN', 'ALIAS_CHECK_COMPLETE'],
          currentFirmware: '1.55.29',
          cpuId: '19.01.01',
        },
      },
      tcb: { status: 'UpToDate', reported: { bootLoader: 4, tee: 0, snp: 24, microcode: 219 } },
    })
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
    expect(exitCode(result)).toBe(0)
    expect(explain(result)).toContain('reported   bootLoader 4, tee 0, snp 24, microcode 219')
  })
  test('is refused wherever it is cut', async () => {
    for (let length = 0; length < real.report.byteLength; length += 13) {
      const { failed } = await judge({ report: real.report.slice(0, length) })
      expect(failed, `${length} bytes`).toMatchObject({ code: 'evidence.form', error: { code: 'WRONG_LENGTH' } })
    }
  })
  test('is refused with any one bit of what is signed flipped', async () => {
    for (let byte = 0; byte < SIGNED_BYTES; byte += 5) {
      const result = await judge({ report: flipped(real.report, 8 * byte + (byte % 8)) })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of its signature flipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8 * SIGNED_BYTES, max: 8 * real.report.byteLength - 1 }), async (bit) => {
        expect((await judge({ report: flipped(real.report, bit) })).status).toBe('none')
      }),
      settings(150),
    )
  })
  test('is refused with any one bit of its certificate or list flipped', async () => {
    const { vcek, crl, ...rest } = real.endorsements
    const parts = {
      vcek: snpFile('azure-milan-v3a.vcek.der'),
      crl: pemBytes(pemParts('openpcc-amd_milan_crl.pem')[0] ?? ''),
    }
    expect([toBase64Url(parts.vcek), toBase64Url(parts.crl)]).toEqual([vcek, crl])
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('vcek' as const, 'crl' as const), fc.nat(1_000_000), async (part, seed) => {
        const bytes = parts[part]
        const changed = toBase64Url(flipped(bytes, seed % (8 * bytes.byteLength)))
        const endorsements = { ...rest, ...(vcek && { vcek }), ...(crl && { crl }), [part]: changed }
        expect((await judge({ endorsements })).status).toBe('none')
      }),
      settings(150),
    )
  })
  test('without endorsements, or with those of Intel, is refused by name', async () => {
    const options = { now: real.now }
    const bare = await verifyEvidence({ format: 'sev-snp', bytes: real.report }, policy, options)
    expect(bare.failed).toMatchObject({ code: 'endorsements.form', error: { code: 'ENDORSEMENTS_MISSING' } })
    const labelled = { format: 'simulated-sev-snp', bytes: real.report, endorsements: real.endorsements } as const
    const simulated = await verifyEvidence(labelled, policy, options)
    expect(simulated.failed).toMatchObject({ code: 'snp.root', error: { code: 'HARDWARE_LABELLED_SIMULATED' } })
  })
})

describe('each of the 64 bits of the guest policy', () => {
  const base = 0x3_0000n
  const currentFirmware = { major: 1, minor: 55, build: 29 }
  const failedFor = (policy: bigint): readonly (string | undefined)[] => {
    const checks = new CheckList(['snp.debug', 'snp.guest-policy'])
    judgeGuestPolicy(checks, { policy, currentFirmware }, DEFAULT_POLICY.sevSnp)
    return checks.all.filter(({ status }) => status === 'failed').map(({ error }) => error?.code)
  }
  test('is accepted by the default policy as guests have it', () => expect(failedFor(base)).toEqual([]))
  for (let bit = 0; bit < 64; bit++) {
    const expected = expectedOf(bit)
    test(`bit ${bit} flipped is ${expected ?? 'accepted'}`, () => {
      expect(failedFor(base ^ (1n << BigInt(bit)))).toEqual(expected === undefined ? [] : [expected])
    })
  }
})

/** ABI_MINOR and ABI_MAJOR may be at most the firmware's; then the table of AMD 56860, "Guest Policy". */
function expectedOf(bit: number): string | undefined {
  if (bit <= 8) return undefined
  if (bit <= 15) return 'SNP_POLICY_ABI_TOO_HIGH'
  if (bit === 19) return 'SNP_DEBUG'
  if (bit === 18 || bit === 21) return 'SNP_POLICY_BIT_NOT_ALLOWED'
  return bit === 17 || bit > 25 ? 'SNP_POLICY_BIT_RESERVED' : undefined
}

describe('each of the 64 bits of PLATFORM_INFO', () => {
  const base = 0x25n
  for (let bit = 0; bit < 64; bit++) {
    const expected = bit === 5 ? ['SNP_PLATFORM_BIT_MISSING'] : bit > 7 ? ['SNP_PLATFORM_BIT_RESERVED'] : []
    test(`bit ${bit} flipped is ${expected[0] ?? 'accepted'}`, () => {
      const checks = new CheckList(['snp.platform-info'])
      judgePlatformInfo(checks, base ^ (1n << BigInt(bit)), DEFAULT_POLICY.sevSnp)
      const failed = checks.all.filter(({ status }) => status === 'failed').map(({ error }) => error?.code)
      expect(failed).toEqual(expected)
    })
  }
})

describe("AMD's files", () => {
  test('each certificate of each chain is read', () => {
    for (const name of ['milan', 'milan_vlek', 'genoa', 'genoa_vlek', 'turin_vcek', 'turin_vlek']) {
      const [authority, root, ...more] = pemParts(`ask_ark_${name}.pem`).map((pem) =>
        parseCertificate(name, pemBytes(pem)),
      )
      expect(more).toEqual([])
      expect(root?.subject.commonName.toLowerCase()).toBe(`ark-${name.split('_')[0]}`)
      expect(authority).toMatchObject({
        issuer: { raw: root?.subject.raw },
        publicKey: { kind: 'RSA' },
        signatureAlgorithm: { scheme: 'RSASSA-PSS', hash: 'SHA-384' },
        basicConstraints: { ca: true, pathLength: 0 },
      })
    }
  })
  test('a Turin certificate has a short chip identifier and an FMC', () => {
    const key = readEndorsementKey(parseCertificate('VCEK', snpFile('turin-only.vcek.der')), 'VCEK')
    expect(key).toMatchObject({ kind: 'VCEK', product: 'Turin', tcb: { fmc: expect.any(Number) } })
    expect(key.hwId?.byteLength).toBe(8)
  })
  test('the list of Genoa names one authority', () => {
    const crl = parseCrl('Genoa', pemBytes(pemParts('openpcc-amd_genoa_crl.pem')[0] ?? ''))
    expect([...crl.revoked.keys()]).toEqual(['020001'])
  })
  test('each report says what its source says of it', () => {
    for (const [name, version, measurement] of [
      ['milan-v2-debug', 2, 'b07af9620f3b839b'],
      ['milan-v2-coco', 2, 'a1f3930413247bb3'],
      ['milan-v3-aws-vlek', 3, '8922ebbdd00ec2c5'],
      ['oak-milan-oc-release', 3, '195b01b74976a1fa'],
      ['oak-turin-oc', 5, 'f924dd18f168df60'],
      ['azure-genoa-v3', 3, 'f57dc09a507c6ecd'],
      ['azure-milan-v3a', 3, '6a063be9dd79f637'],
      ['azure-aci-milan-v2', 2, '02c3b0d5bf1d256f'],
    ] as const) {
      const report = parseSnpReport(snpFile(`${name}.report.bin`))
      expect({ version: report.version, measurement: toHex(report.measurement).slice(0, 16) }).toEqual({
        version,
        measurement,
      })
    }
  })
  test('each stands in a case', () => {
    expect(snpCaptures.length).toBeGreaterThan(30)
    expect(fromHex('reportData', toHex(parseSnpReport(real.report).reportData)).byteLength).toBe(64)
  })
})
