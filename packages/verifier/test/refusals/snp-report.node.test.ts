import { concatBytes } from '@blindai/core'
import { at, field, hex } from '../support/snp-mock.ts'
import { refuseSnp, type SnpRefusal } from '../support/snp-refusal.ts'

// Offsets are those of AMD 56860, "ATTESTATION_REPORT Structure".

refuseSnp('refused for the form of its report', 'none', [
  {
    code: 'WRONG_LENGTH',
    check: 'evidence.form',
    why: 'a report that lacks its last byte',
    changes: { reportBytes: (bytes) => bytes.slice(0, -1) },
    details: { expected: 1184, actual: 1183 },
  },
  {
    code: 'WRONG_LENGTH',
    check: 'evidence.form',
    why: 'a report with a zero byte after it',
    changes: { reportBytes: (bytes) => concatBytes(bytes, new Uint8Array(1)) },
  },
  ...[0, 1, 6, 0x0100_0005].map(
    (version): SnpRefusal => ({
      code: 'UNKNOWN_VERSION',
      check: 'evidence.form',
      why: `a report of version ${version} (0x000)`,
      changes: { report: field({ version }) },
      details: { actual: version },
    }),
  ),
  ...[0, 2].map(
    (signatureAlgo): SnpRefusal => ({
      code: 'UNSUPPORTED_VALUE',
      check: 'evidence.form',
      why: `a report with signature algorithm ${signatureAlgo} (0x034)`,
      changes: { report: field({ signatureAlgo }) },
      details: { field: 'SNP report SIGNATURE_ALGO' },
    }),
  ),
  ...[
    { offset: 0x04b, name: 'RESERVED_048', why: 'bit 31 beside SIGNING_KEY' },
    { offset: 0x04c, name: 'RESERVED_04C', why: 'what follows SIGNING_KEY' },
    { offset: 0x18b, name: 'RESERVED_18B', why: 'what follows CPUID_STEP' },
    { offset: 0x19f, name: 'RESERVED_18B', why: 'what stands before CHIP_ID' },
    { offset: 0x1eb, name: 'RESERVED_1EB', why: 'what follows CURRENT_MAJOR' },
    { offset: 0x1ef, name: 'RESERVED_1EF', why: 'what follows COMMITTED_MAJOR' },
    { offset: 0x208, name: 'RESERVED_208', why: 'what follows CURRENT_MIT_VECTOR' },
    { offset: 0x29f, name: 'RESERVED_208', why: 'what stands before the signature' },
  ].map(
    ({ offset, name, why }): SnpRefusal => ({
      code: 'RESERVED_NOT_ZERO',
      check: 'evidence.form',
      why: `a reserved byte at 0x${offset.toString(16)}: ${why}`,
      changes: { reportBody: at(offset, '80') },
      details: { field: `SNP report ${name}` },
    }),
  ),
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'a processor in a report of version 2 (0x188)',
    base: { version: 2 },
    changes: { report: field({ cpuId: hex('190101') }) },
    details: { field: 'SNP report RESERVED_188' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'a mitigation vector in a report of version 3 (0x1f8)',
    base: { version: 3 },
    changes: { report: field({ launchMitigations: hex('0100000000000000') }) },
    details: { field: 'SNP report RESERVED_1F8' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'a current mitigation vector in a report of version 3 (0x200)',
    base: { version: 3 },
    changes: { report: field({ currentMitigations: hex('0100000000000000') }) },
  },
  ...[2, 6].map(
    (key): SnpRefusal => ({
      code: 'UNSUPPORTED_VALUE',
      check: 'evidence.form',
      why: `a signing key of the reserved kind ${key} (0x048, bits 2 to 4)`,
      changes: { report: field({ keyInfo: key << 2 }) },
      details: { field: 'SNP report SIGNING_KEY', actual: String(key) },
    }),
  ),
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'an R of more than 384 bits (0x2a0 + 48)',
    changes: { reportBytes: at(0x2d0, '01') },
    details: { field: 'SNP report SIGNATURE R above 384 bits' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'an S of more than 384 bits (0x2e8 + 48)',
    changes: { reportBytes: at(0x32f, '01') },
    details: { field: 'SNP report SIGNATURE S above 384 bits' },
  },
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'evidence.form',
    why: 'a reserved byte after the signature (0x330)',
    changes: { reportBytes: at(0x49f, '01') },
    details: { field: 'SNP report SIGNATURE RESERVED' },
  },
])

refuseSnp('refused because the report proves nothing', 'none', [
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'another R (0x2a0)',
    changes: { reportBytes: (bytes) => at(0x2a0, bytes[0x2a0] === 1 ? '02' : '01')(bytes) },
  },
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'another measurement than was signed (0x090)',
    changes: { reportBytes: at(0x090, '00') },
  },
  {
    code: 'SNP_SIGNATURE_INVALID',
    check: 'snp.report-signature',
    why: 'a signature of zeros',
    changes: { reportBytes: at(0x2a0, '00'.repeat(144)) },
  },
  {
    code: 'SNP_REPORT_NOT_SIGNED',
    check: 'snp.signing-key',
    why: 'a report that says it is signed by nobody (0x048, SIGNING_KEY 7)',
    changes: { report: field({ keyInfo: 7 << 2 }) },
    details: { field: 'SIGNING_KEY' },
  },
  {
    code: 'SNP_REPORT_NOT_SIGNED',
    check: 'snp.signing-key',
    why: 'a platform that masks its key (0x048, MASK_CHIP_KEY)',
    changes: { report: field({ keyInfo: 1 << 1 }) },
    details: { field: 'MASK_CHIP_KEY' },
  },
  {
    code: 'SNP_SIGNING_KEY_MISMATCH',
    check: 'snp.signing-key',
    why: 'a report that says VLEK with a VCEK (0x048)',
    changes: { report: field({ keyInfo: 1 << 2 }) },
    details: { report: 'VLEK', certificate: 'VCEK' },
  },
  {
    code: 'SNP_SIGNING_KEY_MISMATCH',
    check: 'snp.signing-key',
    why: 'a report that says VCEK with a VLEK (0x048)',
    base: { signingKey: 'VLEK', wanted: { signingKeys: ['VLEK'] } },
    changes: { report: field({ keyInfo: 0 }) },
    details: { report: 'VCEK', certificate: 'VLEK' },
  },
  {
    code: 'SNP_CHIP_ID_MISMATCH',
    check: 'snp.chip-id',
    why: 'a report of another chip (0x1a0)',
    changes: { report: (r) => ({ ...r, chipId: at(63, 'ff')(r.chipId) }) },
  },
  {
    code: 'SNP_CHIP_ID_MISMATCH',
    check: 'snp.chip-id',
    why: 'a report that hides its chip (0x1a0)',
    changes: { report: field({ chipId: new Uint8Array(64) }) },
  },
  {
    code: 'SNP_CHIP_ID_MISMATCH',
    check: 'snp.chip-id',
    why: 'a Turin report with something after the 8 bytes of its chip (0x1a8)',
    base: { product: 'Turin' },
    changes: { report: (r) => ({ ...r, chipId: at(8, '01')(r.chipId) }) },
  },
  {
    code: 'SNP_PRODUCT_MISMATCH',
    check: 'snp.product',
    why: 'a Genoa processor under the root of Milan (0x189)',
    changes: { report: field({ cpuId: hex('191101') }) },
    details: { subject: 'the processor', expected: 'Milan', actual: 'Genoa' },
  },
  {
    code: 'SNP_PRODUCT_MISMATCH',
    check: 'snp.product',
    why: 'a processor that nobody knows (0x188)',
    changes: { report: field({ cpuId: hex('170101') }) },
    details: { actual: '(unknown)' },
  },
  ...(
    [
      ['bootLoader', 0],
      ['tee', 1],
      ['snp', 6],
      ['microcode', 7],
    ] as const
  ).map(
    ([component, offset]): SnpRefusal => ({
      code: 'SNP_TCB_MISMATCH',
      check: 'snp.reported-tcb',
      why: `a reported TCB with another ${component} than the certificate (0x${(0x180 + offset).toString(16)})`,
      changes: { report: (r) => ({ ...r, reportedTcb: at(offset, '02')(r.reportedTcb) }) },
      details: { component, report: 2 },
    }),
  ),
  {
    code: 'SNP_TCB_MISMATCH',
    check: 'snp.reported-tcb',
    why: 'a Turin report with another FMC than the certificate (0x180)',
    base: { product: 'Turin' },
    changes: { report: (r) => ({ ...r, reportedTcb: at(0, '02')(r.reportedTcb) }) },
    details: { component: 'fmc', certificate: 1, report: 2 },
  },
  ...(
    [
      ['REPORTED_TCB', 0x182],
      ['CURRENT_TCB', 0x03d],
      ['COMMITTED_TCB', 0x1e3],
      ['LAUNCH_TCB', 0x1f4],
    ] as const
  ).map(
    ([name, offset]): SnpRefusal => ({
      code: 'RESERVED_NOT_ZERO',
      check: 'snp.reported-tcb',
      why: `a reserved byte of ${name} of Milan (0x${offset.toString(16)})`,
      changes: { reportBody: at(offset, '01') },
      details: { field: `SNP report ${name} RESERVED` },
    }),
  ),
  {
    code: 'RESERVED_NOT_ZERO',
    check: 'snp.reported-tcb',
    why: 'a reserved byte of LAUNCH_TCB of Turin (0x1f4)',
    base: { product: 'Turin' },
    changes: { reportBody: at(0x1f4, '01') },
  },
  {
    code: 'SNP_TCB_ORDER',
    check: 'snp.tcb-order',
    why: 'a committed TCB below the reported one (0x1e6)',
    changes: { report: (r) => ({ ...r, committedTcb: at(6, '1a')(r.committedTcb) }) },
    details: { lower: 'reported', higher: 'committed', component: 'snp', has: 0x1a, needs: 0x1d },
  },
  {
    code: 'SNP_TCB_ORDER',
    check: 'snp.tcb-order',
    why: 'a current TCB below the committed one (0x03f)',
    changes: { report: (r) => ({ ...r, currentTcb: at(7, 'da')(r.currentTcb) }) },
    details: { lower: 'committed', higher: 'current', component: 'microcode' },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'a report over other data (0x050)',
    changes: { report: field({ reportData: new Uint8Array(64) }) },
  },
  {
    code: 'REPORT_DATA_MISMATCH',
    check: 'binding.report-data',
    why: 'the report of another statement',
    statement: (s) => ({ ...s, software: { ...s.software, name: 'another' } }),
  },
])
