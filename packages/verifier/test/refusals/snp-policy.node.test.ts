import type { JsonObject } from '@blindai/core'
import type { MockSnpTcb, SnpChanges } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { AMD_ROOT_SHA256 } from '../../src/index.ts'
import { at, field, hex, judgeSnpDocument, SNP_REFERENCE } from '../support/snp-mock.ts'
import { refuseSnp, type SnpRefusal } from '../support/snp-refusal.ts'

const otherHex = (bytes: number): string => '77'.repeat(bytes)
/** The platform's versions, one of them lower; the certificate follows. */
const certified = (part: Partial<MockSnpTcb>): SnpChanges => ({
  platform: (p) => ({ ...p, certified: { ...p.certified, ...part } }),
})
const reference =
  (members: JsonObject) =>
  ({ simulated, ...policy }: JsonObject): JsonObject => ({
    ...policy,
    simulated: { ...Object(simulated), sevSnpMeasurements: [{ ...SNP_REFERENCE, ...members }] },
  })

refuseSnp('genuine and not wanted', 'contraindicated', [
  {
    code: 'SNP_DEBUG',
    check: 'snp.debug',
    why: 'a guest that may be debugged (0x008, bit 19)',
    changes: { report: field({ policy: hex('00000b0000000000') }) },
    details: { policy: '00000000000b0000' },
  },
  {
    code: 'SNP_POLICY_BIT_NOT_ALLOWED',
    check: 'snp.guest-policy',
    why: 'a guest that may be migrated (0x008, bit 18)',
    changes: { report: field({ policy: hex('0000070000000000') }) },
    details: { name: 'MIGRATE_MA', bit: 18, actual: true },
  },
  {
    code: 'SNP_POLICY_BIT_NOT_ALLOWED',
    check: 'snp.guest-policy',
    why: 'a guest with memory in devices (0x008, bit 21)',
    changes: { report: field({ policy: hex('0000230000000000') }) },
    details: { name: 'CXL_ALLOW', bit: 21 },
  },
  {
    code: 'SNP_POLICY_BIT_NOT_ALLOWED',
    check: 'snp.guest-policy',
    why: 'threads that share a core where the policy wants none (0x008, bit 16)',
    wanted: { guestPolicy: { SMT: [false] } },
    details: { name: 'SMT', actual: true },
  },
  {
    code: 'SNP_POLICY_BIT_NOT_ALLOWED',
    check: 'snp.guest-policy',
    why: 'a guest that more than one socket may run where the policy wants one (0x008, bit 20)',
    wanted: { guestPolicy: { SINGLE_SOCKET: [true] } },
    details: { name: 'SINGLE_SOCKET', actual: false },
  },
  {
    code: 'SNP_POLICY_BIT_RESERVED',
    check: 'snp.guest-policy',
    why: 'a guest policy without the bit that is always one (0x008, bit 17)',
    changes: { report: field({ policy: hex('0000010000000000') }) },
    details: { bit: 17, expected: true },
  },
  {
    code: 'SNP_POLICY_BIT_RESERVED',
    check: 'snp.guest-policy',
    why: 'a guest policy with a reserved bit (0x008, bit 26)',
    changes: { report: field({ policy: hex('0000030400000000') }) },
    details: { bit: 26, expected: false },
  },
  {
    code: 'SNP_POLICY_ABI_TOO_HIGH',
    check: 'snp.guest-policy',
    why: 'a guest that needs a newer firmware than it runs on (0x008)',
    changes: { report: field({ policy: hex('3801030000000000') }) },
    details: { abi: '1.56', firmware: '1.55.29' },
  },
  {
    code: 'SNP_VMPL_NOT_ALLOWED',
    check: 'snp.vmpl',
    why: 'a report asked for at a lower privilege (0x030)',
    changes: { report: field({ vmpl: 1 }) },
    details: { accepted: [0], actual: 1 },
  },
  {
    code: 'SNP_VMPL_NOT_ALLOWED',
    check: 'snp.vmpl',
    why: 'a report asked for by the host (0x030)',
    wanted: { vmpl: [0, 1, 2, 3] },
    changes: { report: field({ vmpl: 0xffff_ffff }) },
  },
  {
    code: 'SNP_PLATFORM_BIT_MISSING',
    check: 'snp.platform-info',
    why: 'memory that was not checked for aliases (0x040, bit 5)',
    changes: { report: field({ platformInfo: hex('0500000000000000') }) },
    details: { name: 'ALIAS_CHECK_COMPLETE' },
  },
  {
    code: 'SNP_PLATFORM_BIT_MISSING',
    check: 'snp.platform-info',
    why: 'a platform without ciphertext hiding where the policy requires it (0x040, bit 4)',
    wanted: { requiredPlatformInfo: ['CIPHERTEXT_HIDING_DRAM_EN'] },
  },
  {
    code: 'SNP_PLATFORM_BIT_NOT_ALLOWED',
    check: 'snp.platform-info',
    why: 'a platform with threads that share a core where the policy allows none (0x040, bit 0)',
    wanted: { allowedPlatformInfo: ['ECC_EN', 'ALIAS_CHECK_COMPLETE'] },
    details: { name: 'SMT_EN', bit: 0 },
  },
  {
    code: 'SNP_PLATFORM_BIT_RESERVED',
    check: 'snp.platform-info',
    why: 'a platform with a bit that nobody knows (0x041)',
    changes: { report: field({ platformInfo: hex('2501000000000000') }) },
    details: { bit: 8 },
  },
  {
    code: 'SNP_PRODUCT_NOT_ACCEPTED',
    check: 'policy.product',
    why: 'a product that the policy does not name',
    wanted: { products: ['Turin', 'Genoa'] },
    details: { actual: 'Milan' },
  },
  {
    code: 'SNP_PRODUCT_NOT_ACCEPTED',
    check: 'policy.product',
    why: 'Milan, where the policy names no product',
    policy: ({ sevSnp: _, ...policy }) => policy,
    details: { accepted: ['Genoa', 'Turin'], actual: 'Milan' },
  },
  {
    code: 'SNP_MITIGATION_MISSING',
    check: 'policy.mitigations',
    why: 'a guest that was launched before a mitigation (0x1f8)',
    base: { wanted: { requiredMitigations: [2] } },
    wanted: { requiredMitigations: [2] },
    changes: { report: field({ launchMitigations: hex('0300000000000000') }) },
    details: { vector: 'launch', bit: 2 },
  },
  {
    code: 'SNP_MITIGATION_MISSING',
    check: 'policy.mitigations',
    why: 'firmware that has lost a mitigation since (0x200)',
    base: { wanted: { requiredMitigations: [0, 1, 2] } },
    wanted: { requiredMitigations: [0, 1, 2] },
    changes: { report: field({ currentMitigations: hex('0500000000000000') }) },
    details: { vector: 'current', bit: 1 },
  },
  {
    code: 'SNP_MITIGATION_MISSING',
    check: 'policy.mitigations',
    why: 'a report of version 3, which has no mitigation vector',
    base: { wanted: { requiredMitigations: [0] } },
    wanted: { requiredMitigations: [0] },
    version: 3,
    details: { vector: 'launch', bit: 0 },
  },
  {
    code: 'SNP_MITIGATION_MISSING',
    check: 'policy.mitigations',
    why: 'the highest bit, where the platform has the lowest three',
    wanted: { requiredMitigations: [63] },
    details: { vector: 'launch', bit: 63 },
  },
  {
    code: 'SNP_SIGNING_KEY_NOT_ACCEPTED',
    check: 'policy.signing-key',
    why: 'a VLEK, which the defaults do not accept',
    base: { signingKey: 'VLEK', wanted: { signingKeys: ['VCEK', 'VLEK'] } },
    wanted: {},
    details: { accepted: ['VCEK'], actual: 'VLEK' },
  },
  {
    code: 'SNP_PROVIDER_NOT_ACCEPTED',
    check: 'policy.signing-key',
    why: 'a VLEK lent to another provider',
    base: { signingKey: 'VLEK', wanted: { signingKeys: ['VLEK'], vlekProviders: ['CN=provider.example'] } },
    wanted: { signingKeys: ['VLEK'], vlekProviders: ['CN=example'] },
    details: { actual: 'CN=provider.example' },
  },
  {
    code: 'SNP_TCB_TOO_LOW',
    check: 'policy.tcb-minimum',
    why: 'firmware below the built-in floor',
    changes: certified({ snp: 0x1c }),
    details: { tcb: 'reported', component: 'snp', has: 0x1c, needs: 0x1d },
  },
  ...(['reported', 'committed', 'current', 'launch'] as const).map(
    (tcb): SnpRefusal => ({
      code: 'SNP_TCB_TOO_LOW',
      check: 'policy.tcb-minimum',
      why: `a ${tcb} TCB below what the policy names`,
      base: { wanted: { minimumTcb: { Milan: { [tcb]: { microcode: 0xdb } } } } },
      wanted: { minimumTcb: { Milan: { [tcb]: { microcode: 0xdc } } } },
      details: { tcb, component: 'microcode', has: 0xdb, needs: 0xdc },
    }),
  ),
  {
    code: 'SNP_TCB_TOO_LOW',
    check: 'policy.tcb-minimum',
    why: 'a guest that was started under older firmware (0x1f6)',
    changes: { report: (r) => ({ ...r, launchTcb: at(6, '16')(r.launchTcb) }) },
    details: { tcb: 'launch', component: 'snp' },
  },
  {
    code: 'SNP_TCB_TOO_LOW',
    check: 'policy.tcb-minimum',
    why: 'an FMC of Turin below what the policy names',
    base: { product: 'Turin' },
    wanted: { minimumTcb: { Turin: { current: { fmc: 2 } } } },
    details: { tcb: 'current', component: 'fmc', has: 1, needs: 2 },
  },
  {
    code: 'SNP_CHIP_NOT_ALLOWED',
    check: 'policy.chip',
    why: 'a chip that the policy does not name (0x1a0)',
    wanted: { chipIds: { allow: [otherHex(64)] } },
  },
  {
    code: 'SNP_CHIP_DENIED',
    check: 'policy.chip',
    why: 'a chip that the policy denies (0x1a0)',
    base: { product: 'Turin', wanted: { chipIds: { deny: [otherHex(64)] } } },
    wanted: { chipIds: { deny: [`${'b1b0b3b2b5b4b7b6'}${'00'.repeat(56)}`] } },
  },
  {
    code: 'SNP_ID_KEY_NOT_ACCEPTED',
    check: 'policy.id-key',
    why: 'an identity signed by another key (0x0e0)',
    base: { wanted: { idKeyDigests: ['1d'.repeat(48)] } },
    changes: { report: field({ idKeyDigest: hex(otherHex(48)) }) },
    details: { actual: otherHex(48) },
  },
  {
    code: 'SNP_AUTHOR_KEY_NOT_ACCEPTED',
    check: 'policy.author-key',
    why: 'another author key (0x110)',
    base: { wanted: { authorKeyDigests: ['a0'.repeat(48)] } },
    changes: { report: field({ authorKeyDigest: hex(otherHex(48)) }) },
  },
  {
    code: 'SNP_AUTHOR_KEY_NOT_ACCEPTED',
    check: 'policy.author-key',
    why: 'the digest of an author key that the report says is none (0x048, AUTHOR_KEY_EN)',
    base: { wanted: { authorKeyDigests: ['a0'.repeat(48)] } },
    changes: { report: field({ keyInfo: 0 }) },
    details: { actual: '(none)' },
  },
  {
    code: 'SNP_GUEST_SVN_TOO_LOW',
    check: 'policy.guest-svn',
    why: 'an older guest (0x004)',
    base: { wanted: { minimumGuestSvn: 3 } },
    changes: { report: field({ guestSvn: 2 }) },
    details: { minimum: 3, actual: 2 },
  },
  {
    code: 'MEASUREMENT_MISMATCH',
    check: 'policy.measurement',
    why: 'one bit of the launch digest (0x090)',
    changes: { report: field({ measurement: at(0, 'd4')(new Uint8Array(48).fill(0xd5)) }) },
    details: { reference: 'test release', register: 'measurement', differing: ['measurement'] },
  },
  ...(
    [
      ['hostData', 'da', 32, 0x0c0],
      ['idKeyDigest', '1d', 48, 0x0e0],
      ['authorKeyDigest', 'a0', 48, 0x110],
      ['familyId', 'fa', 16, 0x010],
      ['imageId', '1a', 16, 0x020],
    ] as const
  ).map(
    ([register, value, bytes, offset]): SnpRefusal => ({
      code: 'MEASUREMENT_MISMATCH',
      check: 'policy.measurement',
      why: `another ${register} than the release has (0x${offset.toString(16)})`,
      base: { policy: reference({ [register]: value.repeat(bytes) }) },
      changes: { report: field({ [register]: hex(otherHex(bytes)) }) },
      details: { register, expected: value.repeat(bytes), actual: otherHex(bytes) },
    }),
  ),
  {
    code: 'EVIDENCE_AGE_UNKNOWN',
    check: 'policy.evidence-age',
    why: 'cached evidence when the policy limits its age',
    policy: (p) => ({ ...p, maximumEvidenceAgeSeconds: 60 }),
  },
  {
    code: 'SOFTWARE_NOT_ACCEPTED',
    check: 'policy.software',
    why: 'software of another digest',
    policy: (p) => ({ ...p, softwareDigests: ['44'.repeat(32)] }),
  },
])

describe('a report of every version, product and key', () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const version of [2, 3, 4, 5]) {
      for (const signingKey of ['VCEK', 'VLEK'] as const) {
        test(`is accepted: ${product}, version ${version}, ${signingKey}`, async () => {
          const wanted = { signingKeys: [signingKey] }
          const result = await judgeSnpDocument({ product, version, signingKey, wanted })
          expect(result, JSON.stringify(result.failed)).toMatchObject({
            status: 'affirming',
            trustClass: 'simulated',
            trustFlags: ['code'],
            claims: { reportVersion: version, platform: { product, signingKey }, software: { name: 'blindai' } },
            tcb: { status: 'UpToDate', gaps: [] },
          })
        })
      }
    }
  }
  test('names all that is too low', async () => {
    const { tcb } = await judgeSnpDocument({ changes: certified({ snp: 1 }) })
    expect(tcb).toMatchObject({ status: 'OutOfDate' })
    expect(tcb?.gaps).toEqual(
      ['reported', 'committed', 'current', 'launch'].map((name) => ({
        tcb: name,
        component: 'snp',
        has: 1,
        needs: 0x1d,
      })),
    )
  })
  test('cannot be accepted under a root that AMD owns and the policy calls simulated', async () => {
    for (const rootSha256 of Object.values(AMD_ROOT_SHA256)) {
      const policy = (): JsonObject => ({ version: 1, name: 'test', simulated: { rootSha256: [rootSha256] } })
      await expect(judgeSnpDocument({ policy })).rejects.toThrowError(
        expect.objectContaining({ code: 'POLICY_HARDWARE_ROOT_SIMULATED' }),
      )
    }
  })
})
