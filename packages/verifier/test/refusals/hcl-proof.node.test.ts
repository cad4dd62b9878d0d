import { fromBase64Url, type JsonObject, toBase64Url } from '@blindai/core'
import { generateHclKey, type HclChanges } from '@blindai/simulator'
import { claims, hclMember, reportFields } from '../support/hcl-mock.ts'
import { type HclRefusal, refuseHcl } from '../support/hcl-refusal.ts'
import { NOW } from '../support/mock.ts'
import { flip } from '../support/refusal.ts'
import { at, field } from '../support/snp-mock.ts'
import { listed } from '../support/tpm-mock.ts'

const other = generateHclKey()

/** One bit of a member in base64url, changed after everything was signed. */
const flipMember = (name: string, byte: number): HclChanges => ({
  members: (members) =>
    members.map(([key, value]) => [
      key,
      key === name ? toBase64Url(flip(fromBase64Url(name, String(value)), byte)) : value,
    ]),
})
const paravisor = (vmpl: number, why: string): HclRefusal => {
  const details = { vmpl }
  return { code: 'HCL_NOT_BY_PARAVISOR', check: 'hcl.paravisor', why, snp: { report: field({ vmpl }) }, details }
}
const unvouched = (why: string, changes: HclChanges, more: Partial<HclRefusal> = {}): HclRefusal => {
  return { code: 'HCL_RUNTIME_DATA_MISMATCH', check: 'hcl.runtime-claims', why, changes, ...more }
}
/** A TD report with one byte changed. Offsets: Intel TDX Module ABI, TDREPORT_STRUCT. */
const tdReport = (field: string, offset: number): HclRefusal => ({
  code: 'HCL_TD_REPORT_MISMATCH',
  check: 'hcl.td-report',
  why: `another ${field} than the quote's (${offset})`,
  hardware: 'tdx',
  changes: { hardwareReport: (report) => flip(report, offset) },
  details: { field },
})

refuseHcl('the link from the hardware to the key of the TPM is not proved', 'none', [
  paravisor(1, 'a report that a guest below the paravisor asked for'),
  paravisor(2, 'a report that the operating system asked for'),
  paravisor(0xffff_ffff, 'a report that the host asked for'),
  unvouched('claims that the hardware vouches for with another hash', { reportData: (data) => flip(data, 0) }),
  unvouched('something after the hash', { reportData: (data) => flip(data, 63) }),
  unvouched('one letter of the claims changed', {
    report: (fields) => ({
      ...fields,
      claims: fields.claims.map((byte, i, all) => (i === all.length - 3 ? 0x31 : byte)),
    }),
  }),
  unvouched('the key of another TPM put into the claims', {
    report: (fields) => {
      const { n = '' } = other.publicKey.export({ format: 'jwk' })
      const text = new TextDecoder().decode(fields.claims).replace(/"n":"[^"]+"/, `"n":"${n}"`)
      return { ...fields, claims: new TextEncoder().encode(text) }
    },
  }),
  unvouched('white space in the claims', {
    report: ({ claims: old, ...fields }) => {
      const spaced = new TextEncoder().encode(` ${new TextDecoder().decode(old)}`)
      const size = spaced.byteLength
      return { ...fields, claims: spaced, claimsSize: size, dataSize: 20 + size, reportSize: 1236 + size }
    },
  }),
  unvouched('no hash at all, on TDX', { reportData: () => new Uint8Array(64) }, { hardware: 'tdx' }),
  tdReport('reportData', 128),
  tdReport('tdAttributes', 512),
  tdReport('xfam', 520),
  tdReport('mrTd', 528),
  tdReport('mrConfigId', 576),
  tdReport('mrOwner', 624),
  tdReport('mrOwnerConfig', 672),
  tdReport('rtmr0', 720),
  tdReport('rtmr1', 768),
  tdReport('rtmr2', 816),
  tdReport('rtmr3', 911),
  {
    code: 'UNSUPPORTED_VALUE',
    check: 'hcl.td-report',
    why: 'a report that is not of a trust domain (REPORTTYPE, 0)',
    hardware: 'tdx',
    changes: { hardwareReport: (report) => flip(report, 0) },
    details: { field: 'TD report REPORTTYPE' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'hcl.td-report',
    why: 'something after the TD report (1024)',
    hardware: 'tdx',
    changes: { hardwareReport: (report) => flip(report, 1024) },
  },
])

refuseHcl('the quote of the virtual TPM is not proved', 'none', [
  { code: 'TPM_SIGNATURE_INVALID', check: 'tpm.quote-signature', why: 'a quote of another TPM', signer: other },
  {
    code: 'TPM_SIGNATURE_INVALID',
    check: 'tpm.quote-signature',
    why: 'one bit of the signature changed',
    changes: flipMember('signature', 100),
  },
  {
    code: 'TPM_SIGNATURE_INVALID',
    check: 'tpm.quote-signature',
    why: 'one bit of the quote changed',
    changes: flipMember('quoted', 60),
  },
  {
    code: 'TPM_SIGNATURE_INVALID',
    check: 'tpm.quote-signature',
    why: 'a signature of another kind of key',
    changes: hclMember('signature', toBase64Url(new Uint8Array([0, 0x18, 0, 0x0b, 0, 1, 1, 0, 1, 1]))),
  },
  {
    code: 'TPM_PCR_DIGEST_MISMATCH',
    check: 'tpm.pcr-digest',
    why: 'another value of a register',
    tpm: listed('11', '00'.repeat(32)),
  },
  {
    code: 'TPM_PCR_MISSING',
    check: 'tpm.pcr-digest',
    why: 'a register of the quote without its value',
    tpm: listed('11', undefined),
    details: { pcr: 11 },
  },
  {
    code: 'TPM_PCR_NOT_QUOTED',
    check: 'tpm.pcr-digest',
    why: 'a value of a register that the quote is not over',
    tpm: listed('15', '00'.repeat(32)),
    details: { pcr: 15 },
  },
])

refuseHcl('the hardware below a paravisor is not proved', 'none', [
  { code: 'SIMULATED_ROOT_UNKNOWN', check: 'snp.root', why: 'the root of another installation', otherRoot: true },
  {
    code: 'SIMULATED_ROOT_UNKNOWN',
    check: 'dcap.root',
    why: 'the root of another installation, on TDX',
    hardware: 'tdx',
    otherRoot: true,
  },
  { code: 'SIMULATED_LABELLED_HARDWARE', check: 'snp.root', why: 'a simulation as hardware', format: 'azure-hcl' },
  {
    code: 'SIMULATED_LABELLED_HARDWARE',
    check: 'dcap.root',
    why: 'a simulation as hardware, on TDX',
    hardware: 'tdx',
    format: 'azure-hcl',
  },
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'a report that nobody signed (0x2a0)',
    snp: { reportBytes: at(0x2a0, '00'.repeat(144)) },
  },
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'one byte of the launch digest changed in the report (0x90)',
    changes: { hardwareReport: (report) => flip(report, 0x90) },
  },
  {
    code: 'SNP_CHIP_ID_MISMATCH',
    check: 'snp.chip-id',
    why: 'the certificate of another chip',
    snp: { report: field({ chipId: new Uint8Array(64) }) },
  },
  { code: 'SNP_CRL_MISSING', check: 'snp.crl', why: 'no revocation list', endorsed: { crl: undefined } },
  {
    code: 'QUOTE_SIGNATURE_INVALID',
    check: 'tdx.quote-signature',
    why: 'a quote whose body was changed',
    hardware: 'tdx',
    changes: flipMember('tdQuote', 48 + 136),
  },
  { code: 'WRONG_VALUE', check: 'endorsements.form', why: "Intel's endorsements for AMD", endorsed: { type: 'dcap' } },
  {
    code: 'WRONG_VALUE',
    check: 'endorsements.form',
    why: "AMD's endorsements for Intel",
    hardware: 'tdx',
    endorsed: { type: 'snp' },
  },
  {
    code: 'ENDORSEMENTS_MISSING',
    check: 'endorsements.form',
    why: 'no endorsements',
    document: ({ endorsements: _, ...rest }) => rest,
  },
  {
    code: 'UNKNOWN_VERSION',
    check: 'evidence.form',
    why: 'a TD report that calls itself one of SEV-SNP',
    hardware: 'tdx',
    changes: { ...reportFields({ reportType: 2 }), ...hclMember('tdQuote', undefined) },
  },
])

refuseHcl('what an Azure machine speaks for is not proved', 'none', [
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'a quote over other data than the hash of the report data',
    tpm: { attest: (fields) => ({ ...fields, extraData: flip(fields.extraData, 0) }) },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'a quote that answers nobody',
    tpm: { attest: (fields) => ({ ...fields, extraData: new Uint8Array() }) },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'report data in the user data of the claims, where the guest can put what it likes',
    changes: claims({ 'user-data': '11'.repeat(64) }),
    tpm: { attest: (fields) => ({ ...fields, extraData: new Uint8Array(32).fill(0x11) }) },
  },
  {
    code: 'NONCE_MISMATCH',
    check: 'binding.nonce',
    why: 'the answer to another nonce',
    nonce: new Uint8Array(32).fill(1),
    options: { nonce: new Uint8Array(32).fill(2), now: NOW },
  },
  {
    code: 'SIMULATED_NOT_ALLOWED',
    check: 'snp.root',
    why: 'a policy that accepts hardware only',
    policy: (): JsonObject => ({ version: 1, name: 'hardware only' }),
  },
])
