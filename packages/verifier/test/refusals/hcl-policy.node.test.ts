import { fromHex, type JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../src/index.ts'
import { HCL_REFERENCES, references } from '../support/hcl-mock.ts'
import { type HclRefusal, refuseHcl } from '../support/hcl-refusal.ts'
import { field, hex } from '../support/snp-mock.ts'

const { snp, tdx } = HCL_REFERENCES
const registers = (more: JsonObject): JsonObject => ({ ...snp, pcrs: { ...Object(snp.pcrs), ...more } })
const mismatch = (why: string, policy: HclRefusal['policy'] & object, details: object): HclRefusal => {
  return { code: 'MEASUREMENT_MISMATCH', check: 'policy.measurement', why, policy, details }
}
const wanted =
  (members: JsonObject) =>
  (policy: JsonObject): JsonObject => ({ ...policy, ...members })

refuseHcl('a genuine Azure machine that is not the one that was reviewed is not wanted', 'contraindicated', [
  mismatch('another paravisor', references({ ...snp, measurement: '00'.repeat(48) }), { register: 'measurement' }),
  mismatch('one register of another release', references(registers({ 4: '00'.repeat(32) })), {
    register: 'sha256 PCR 4',
  }),
  mismatch('a register that was not quoted', references(registers({ 9: '00'.repeat(32) })), {
    register: 'sha256 PCR 9',
    actual: '(absent)',
  }),
  mismatch(
    'registers of a bank that was not quoted',
    references({ ...snp, bank: 'sha384', pcrs: { 4: '00'.repeat(48) } }),
    {
      register: 'sha384 PCR 4',
      actual: '(absent)',
    },
  ),
  mismatch('another key that signed its identity', references({ ...snp, idKeyDigest: '00'.repeat(48) }), {
    register: 'idKeyDigest',
  }),
  mismatch('a trust domain', references(tdx), { register: 'mrTd', actual: '(absent)' }),
  {
    ...mismatch('another MRTD', references({ ...tdx, mrTd: '00'.repeat(48) }), { register: 'mrTd' }),
    hardware: 'tdx',
  },
  {
    ...mismatch('another RTMR0', references({ ...tdx, rtmr0: '00'.repeat(48) }), { register: 'rtmr0' }),
    hardware: 'tdx',
  },
])

refuseHcl('a genuine Azure machine whose hardware is not wanted is refused', 'contraindicated', [
  {
    code: 'SNP_DEBUG',
    check: 'snp.debug',
    why: 'debug (POLICY bit 19)',
    snp: { report: field({ policy: hex('00000b0000000000') }) },
  },
  {
    code: 'SNP_POLICY_BIT_NOT_ALLOWED',
    check: 'snp.guest-policy',
    why: 'migration (POLICY bit 18)',
    snp: { report: field({ policy: hex('0000070000000000') }) },
  },
  {
    code: 'SNP_PLATFORM_BIT_MISSING',
    check: 'snp.platform-info',
    why: 'memory that was not checked for aliases',
    snp: { report: field({ platformInfo: fromHex('info', '0500000000000000') }) },
  },
  {
    code: 'SNP_TCB_TOO_LOW',
    check: 'policy.tcb-minimum',
    why: 'firmware below the floor',
    snp: { platform: (platform) => ({ ...platform, certified: { ...platform.certified, snp: 0x16 } }) },
  },
  {
    code: 'SNP_PRODUCT_NOT_ACCEPTED',
    check: 'policy.product',
    why: 'another product than the policy names',
    policy: wanted({ sevSnp: { products: ['Genoa'] } }),
  },
  {
    code: 'TD_DEBUG',
    check: 'tdx.debug',
    why: 'debug (TDATTRIBUTES bit 0)',
    hardware: 'tdx',
    dcap: { tdReport: (report) => ({ ...report, tdAttributes: hex('0100001000000000') }) },
  },
  {
    code: 'TD_ATTRIBUTE_REQUIRED',
    check: 'tdx.attributes',
    why: 'an attribute that the policy requires',
    hardware: 'tdx',
    policy: wanted({ tdx: { allowedAttributes: ['SEPT_VE_DISABLE', 'PKS'], requiredAttributes: ['PKS'] } }),
  },
  {
    code: 'TCB_STATUS_NOT_ACCEPTED',
    check: 'policy.tcb-status',
    why: 'a TCB status that the policy does not accept',
    hardware: 'tdx',
    policy: wanted({ tdx: { acceptedTcbStatuses: ['OutOfDate'] } }),
  },
  {
    code: 'EVIDENCE_AGE_UNKNOWN',
    check: 'policy.evidence-age',
    why: 'an age, where nothing shows it',
    policy: wanted({ maximumEvidenceAgeSeconds: 60 }),
  },
  {
    code: 'SOFTWARE_NOT_ACCEPTED',
    check: 'policy.software',
    why: 'software that the policy does not name',
    policy: wanted({ softwareDigests: ['00'.repeat(32)] }),
  },
  {
    code: 'CONFIG_NOT_ACCEPTED',
    check: 'policy.config',
    why: 'a configuration that the policy does not accept',
    policy: wanted({ config: { keySource: ['broker'] } }),
  },
])

describe('a reference value for an Azure machine', () => {
  const policyWith = (value: JsonObject): JsonObject => {
    return { version: 1, name: 'test', azureHcl: { measurements: [value] } }
  }
  const refused: readonly (readonly [why: string, value: JsonObject, code: string])[] = [
    ['without a paravisor', { name: 'a', date: '2026-11-27', pcrs: snp.pcrs ?? {} }, 'WRONG_VALUE'],
    ['for both kinds of hardware', { ...snp, ...tdx }, 'WRONG_VALUE'],
    ['without registers', { ...snp, pcrs: {} }, 'WRONG_VALUE'],
    ['with a register that anybody can reset', registers({ 16: '00'.repeat(32) }), 'UNKNOWN_MEMBER'],
    ['with a register of TDX on SEV-SNP', { ...snp, rtmr0: '00'.repeat(48) }, 'UNKNOWN_MEMBER'],
    ['with a register of SEV-SNP on TDX', { ...tdx, hostData: '00'.repeat(32) }, 'UNKNOWN_MEMBER'],
    ['with a short launch digest', { ...snp, measurement: '00'.repeat(32) }, 'WRONG_LENGTH'],
    ['with a member of another spelling', { ...snp, launchDigest: '00'.repeat(48) }, 'UNKNOWN_MEMBER'],
  ]
  for (const [why, value, code] of refused) {
    test(`${why} is refused as ${code}`, () => {
      expect(() => parsePolicy(policyWith(snp))).not.toThrow()
      expect(() => parsePolicy(policyWith(value))).toThrow(expect.objectContaining({ code }))
    })
  }
})
