import { toBase64Url, utf8 } from '@blindai/core'
import type { HclChanges, HclReportFields } from '@blindai/simulator'
import { claimedKey, claims, hclMember, reportFields } from '../support/hcl-mock.ts'
import { type HclRefusal, refuseHcl } from '../support/hcl-refusal.ts'
import { at, field } from '../support/snp-mock.ts'

/** Fields of the report, from what it was to be. */
const report = (change: (fields: HclReportFields) => Partial<HclReportFields>): HclChanges => ({
  report: (fields) => ({ ...fields, ...change(fields) }),
})
const text = (change: (text: string) => string): HclChanges => ({ claimsText: change })
const form = (code: string, why: string, changes: HclChanges, details?: object): HclRefusal => {
  return { code, check: 'evidence.form', why, changes, ...(details && { details }) }
}
const quoted = (bytes: string, code: string, why: string): HclRefusal => {
  return { code, check: 'evidence.form', why, tpm: { attestBytes: at(0, bytes) } }
}

/** Offsets of the report: Microsoft, "Azure confidential VMs guest attestation design detail"; header at 0, data at 1216. */
refuseHcl('the report of a paravisor of a wrong form is malformed', 'none', [
  form('UNSUPPORTED_VALUE', 'another signature (0)', reportFields({ signature: utf8('HCLB') }), {
    field: 'HCL report signature',
    expected: '48434c41',
  }),
  form('UNKNOWN_VERSION', 'a later version (4)', reportFields({ version: 3 }), { actual: 3 }),
  form('UNKNOWN_VERSION', 'version 0 (4)', reportFields({ version: 0 }), { actual: 0 }),
  form(
    'WRONG_LENGTH',
    'a size that counts one byte more (8)',
    report((f) => ({ reportSize: f.reportSize + 1 })),
    {
      field: 'HCL report size',
    },
  ),
  form('UNSUPPORTED_VALUE', 'the status of a failure (16)', reportFields({ status: 1 }), {
    field: 'HCL report status',
  }),
  form('RESERVED_NOT_ZERO', 'something reserved (20)', reportFields({ reserved: new Uint8Array(12).fill(1) })),
  form(
    'WRONG_LENGTH',
    'runtime data of another size (1216)',
    report((f) => ({ dataSize: f.dataSize - 1 })),
    {
      field: 'HCL runtime data size',
    },
  ),
  form('UNKNOWN_VERSION', 'runtime data of a later version (1220)', reportFields({ dataVersion: 2 }), { actual: 2 }),
  form('UNSUPPORTED_VALUE', 'a report of another kind of hardware (1224)', reportFields({ reportType: 3 }), {
    field: 'HCL runtime data report type',
    expected: '2 or 4',
  }),
  form('UNSUPPORTED_VALUE', 'a hash that is not SHA-256 (1228)', reportFields({ hashType: 2 })),
  form(
    'TRUNCATED',
    'claims longer than the report (1232)',
    reportFields({ claimsSize: 5000, dataSize: 5020, reportSize: 6236 }),
    { needed: 5000 },
  ),
  form('WRONG_LENGTH', 'claims of four thousand million bytes (1232)', reportFields({ claimsSize: 0xffff_ffff })),
  form(
    'TRAILING_BYTES',
    'something after the claims',
    report((f) => ({ padding: at(9, '01')(f.padding) })),
    {
      field: 'HCL report',
    },
  ),
  form('TRUNCATED', 'a report that ends in the hardware report', { reportBytes: (bytes) => bytes.slice(0, 1000) }),
  form(
    'TOO_LONG',
    'a report longer than any',
    report(() => ({ padding: new Uint8Array(8192) })),
  ),
])

refuseHcl('claims of a paravisor of a wrong form are malformed', 'none', [
  form(
    'NOT_UTF8',
    'no UTF-8',
    report((f) => ({ claims: f.claims.map((byte, i) => (i === 5 ? 0xff : byte)) })),
  ),
  form(
    'NOT_JSON',
    'no JSON',
    text((json) => json.slice(1)),
  ),
  form(
    'NOT_JSON',
    'something after the object',
    text((json) => `${json}x`),
  ),
  form(
    'DUPLICATE_MEMBER',
    'the keys twice',
    text((json) => json.replace('{', '{"keys":[],')),
    { member: 'keys' },
  ),
  form(
    'WRONG_TYPE',
    'a list',
    text((json) => `[${json}]`),
  ),
  form(
    'MISSING_MEMBER',
    'no keys',
    text(() => '{}'),
    { member: 'keys' },
  ),
  form('HCL_KEY_MISSING', 'no attestation key', claimedKey({ kid: 'HCLEkPub' }), { key: 'HCLAkPub' }),
  form('HCL_KEY_REPEATED', 'two attestation keys', {
    claims: ({ keys, ...rest }) => ({ keys: [...Object(keys), ...Object(keys)], ...rest }),
  }),
  form('UNSUPPORTED_VALUE', 'an attestation key that is not of RSA', claimedKey({ kty: 'EC' }), { actual: 'EC' }),
  form('UNSUPPORTED_VALUE', 'an exponent of 3', claimedKey({ e: 'Aw' }), { actual: 'Aw' }),
  form('WRONG_VALUE', 'a key for something else', claimedKey({ key_ops: ['verify'] })),
  form('WRONG_VALUE', 'a key for two things', claimedKey({ key_ops: ['sign', 'encrypt'] })),
  form('UNSUPPORTED_VALUE', 'a modulus of 1,024 bits', claimedKey({ n: toBase64Url(new Uint8Array(128).fill(0xff)) }), {
    actual: '128 bytes',
  }),
  form(
    'PUBLIC_KEY_INVALID',
    'a modulus that starts with a zero bit',
    claimedKey({
      n: toBase64Url(new Uint8Array(256).fill(0x7f)),
    }),
  ),
  form('NOT_BASE64URL', 'a modulus with padding', claimedKey({ n: `${'A'.repeat(342)}==` })),
  form('TOO_LONG', 'a modulus longer than any', claimedKey({ n: 'A'.repeat(700) })),
  form('TOO_LONG', 'more keys than any paravisor has', {
    claims: ({ keys, ...rest }) => ({ keys: Array(17).fill(Object(keys)[0]), ...rest }),
  }),
  form('WRONG_LENGTH', 'user data of 63 bytes', claims({ 'user-data': '00'.repeat(63) }), { expected: 64 }),
  form('WRONG_TYPE', 'secure boot that is a text', claims({ 'vm-configuration': { 'secure-boot': 'on' } })),
])

refuseHcl('evidence of a wrong form is malformed', 'none', [
  form('WRONG_VALUE', 'another version', hclMember('version', 2)),
  form('MISSING_MEMBER', 'no report', hclMember('report', undefined), { member: 'report' }),
  form('MISSING_MEMBER', 'no quote', hclMember('quoted', undefined), { member: 'quoted' }),
  form('MISSING_MEMBER', 'no registers', hclMember('pcrs', undefined), { member: 'pcrs' }),
  form('UNKNOWN_MEMBER', 'a quote of a trust domain beside SEV-SNP', hclMember('tdQuote', 'AAAA'), {
    member: 'tdQuote',
  }),
  { ...form('MISSING_MEMBER', 'no quote of the trust domain', hclMember('tdQuote', undefined)), hardware: 'tdx' },
  { ...form('TRUNCATED', 'a cut quote of the trust domain', hclMember('tdQuote', 'AAAA')), hardware: 'tdx' },
  form('UNKNOWN_MEMBER', 'a public area that nobody reads', hclMember('akPublic', 'AAAA'), { member: 'akPublic' }),
  form('DUPLICATE_MEMBER', 'a member twice', { members: (all) => [...all, ['version', 1]] }, { member: 'version' }),
  form('NOT_BASE64URL', 'a report in another alphabet', hclMember('report', '+/+/')),
  form('UNKNOWN_MEMBER', 'a register that there is not', hclMember('pcrs', { sha256: { 24: '00'.repeat(32) } })),
  form('WRONG_LENGTH', 'a register of SHA-1', hclMember('pcrs', { sha256: { 0: '00'.repeat(20) } })),
  quoted('ff544348', 'TPM_NOT_GENERATED', 'a quote that no TPM made (TPMS_ATTEST magic)'),
  quoted('ff5443478017', 'TPM_NOT_A_QUOTE', 'another statement of the TPM (TPMS_ATTEST type)'),
  {
    code: 'UNSUPPORTED_ALGORITHM',
    check: 'evidence.form',
    why: 'a signature by SHA-1',
    tpm: { signature: (fields) => ({ ...fields, hash: 4 }) },
    details: { actual: '0x0004' },
  },
  {
    code: 'UNKNOWN_VERSION',
    check: 'evidence.form',
    why: 'a hardware report of a later version',
    snp: { report: field({ version: 6 }) },
    details: { actual: 6 },
  },
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'evidence.form',
    why: 'the quote of an enclave as that of a trust domain (TEE_TYPE)',
    hardware: 'tdx',
    dcap: { quoteHeader: (header) => ({ ...header, teeType: 0 }) },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'something reserved in the hardware report (0x4c)',
    snp: { reportBody: (body) => body.map((byte, i) => (i === 0x4c ? 1 : byte)) },
  },
])
