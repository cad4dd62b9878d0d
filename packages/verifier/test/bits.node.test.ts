import { describe, expect, test } from 'vitest'
import { judge } from './support/mock.ts'
import { judgeSnpDocument } from './support/snp-mock.ts'

/**
 * Whole documents, signed with one bit otherwise than in an accepted one, under a policy that says nothing of bits. Those
 * that are accepted are named; each other one is refused by the check that is for it, whatever a later format gives it.
 */

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const bits = (length: number): readonly number[] => Array.from({ length }, (_, bit) => bit)

interface Verdict {
  readonly status: string
  readonly failed?: { readonly code: string; readonly error?: { readonly code: string } }
}
const gist = ({ status, failed }: Verdict): string =>
  status === 'affirming' ? 'accepted' : `${failed?.code} ${failed?.error?.code}`

/** Judges a document for each bit, and compares with what is expected of it. */
function everyBit(
  name: string,
  length: number,
  judged: (bit: number) => Promise<Verdict>,
  named: Readonly<Record<number, string>>,
  reserved: string,
): void {
  test(`${name}: ${length} bits, each by itself`, async () => {
    for (const bit of bits(length)) expect(gist(await judged(bit)), `bit ${bit}`).toBe(named[bit] ?? reserved)
  })
}

/** The same verdict for several bits. */
const each = (verdict: string, ...numbers: readonly number[]): Readonly<Record<number, string>> =>
  Object.fromEntries(numbers.map((bit) => [bit, verdict]))

describe('a bit that is flipped before the document is signed', () => {
  test('is the only difference to a document that is accepted', async () => {
    expect((await judge()).status).toBe('affirming')
    expect((await judge({}, 'sgx')).status).toBe('affirming')
    expect((await judgeSnpDocument()).status).toBe('affirming')
  })
  everyBit(
    'TDATTRIBUTES',
    64,
    (bit) => judge({ changes: { tdReport: (r) => ({ ...r, tdAttributes: flipped(r.tdAttributes, bit) }) } }),
    {
      // ICSSD, LASS, SEPT_VE_DISABLE (set, and may be clear), PKS, KL, TPA, PERFMON.
      ...each('accepted', 16, 27, 28, 30, 31, 62, 63),
      ...each('tdx.debug TD_DEBUG', 0),
      // HGS_PLUS_PROF, PERF_PROF, PMT_PROF, MIGRATABLE.
      ...each('tdx.attributes TD_ATTRIBUTE_NOT_ALLOWED', 4, 5, 6, 29),
    },
    'tdx.attributes TD_ATTRIBUTE_RESERVED',
  )
  const enclave = (offset: number, bit: number) =>
    judge({ changes: { enclaveReport: (r) => ({ ...r, attributes: flipped(r.attributes, 8 * offset + bit) }) } }, 'sgx')
  everyBit(
    'ATTRIBUTES.FLAGS',
    64,
    (bit) => enclave(0, bit),
    {
      // CET, KSS, AEXNOTIFY.
      ...each('accepted', 6, 7, 10),
      ...each('sgx.initialized SGX_NOT_INITIALIZED', 0),
      ...each('sgx.debug SGX_DEBUG', 1),
      ...each('sgx.attributes SGX_ATTRIBUTE_REQUIRED', 2),
      ...each('sgx.attributes SGX_ATTRIBUTE_NOT_ALLOWED', 4, 5),
    },
    'sgx.attributes SGX_ATTRIBUTE_RESERVED',
  )
  everyBit(
    'ATTRIBUTES.XFRM',
    64,
    (bit) => enclave(8, bit),
    { ...each('accepted', 2, 3, 4, 5, 6, 7, 9, 17, 18, 19), ...each('sgx.xfrm SGX_XFRM_REQUIRED', 0, 1) },
    'sgx.xfrm SGX_XFRM_RESERVED',
  )
  everyBit(
    'MISCSELECT',
    32,
    (bit) =>
      judge({ changes: { enclaveReport: (r) => ({ ...r, miscSelect: (r.miscSelect ^ (1 << bit)) >>> 0 }) } }, 'sgx'),
    each('accepted', 0, 1),
    'sgx.misc-select SGX_MISCSELECT_RESERVED',
  )
  everyBit(
    'POLICY of SEV-SNP',
    64,
    (bit) => judgeSnpDocument({ changes: { report: (r) => ({ ...r, policy: flipped(r.policy, bit) }) } }),
    {
      // ABI 1.0 and any minor of 0, below the firmware's 1.55; then SMT, SINGLE_SOCKET, MEM_AES_256_XTS, RAPL_DIS,
      // CIPHERTEXT_HIDING_DRAM, PAGE_SWAP_DISABLE.
      ...each('accepted', ...bits(9), 16, 20, 22, 23, 24, 25),
      ...each('snp.guest-policy SNP_POLICY_ABI_TOO_HIGH', 9, 10, 11, 12, 13, 14, 15),
      ...each('snp.debug SNP_DEBUG', 19),
      // MIGRATE_MA, CXL_ALLOW.
      ...each('snp.guest-policy SNP_POLICY_BIT_NOT_ALLOWED', 18, 21),
    },
    'snp.guest-policy SNP_POLICY_BIT_RESERVED',
  )
})
