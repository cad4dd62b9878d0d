import { ByteReader, isZero, toHex } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { TdReport } from '../tdx/td-report.ts'

const TD_REPORT_BYTES = 1024
const TYPE_TDX = 0x81

/** What a TD report and a quote made of it have in common. */
type Common = Pick<
  TdReport,
  | 'tdAttributes'
  | 'xfam'
  | 'mrTd'
  | 'mrConfigId'
  | 'mrOwner'
  | 'mrOwnerConfig'
  | 'rtmr0'
  | 'rtmr1'
  | 'rtmr2'
  | 'rtmr3'
  | 'reportData'
>

/**
 * Parses a TD report as the TDX module gives it to a trust domain, and the zeros after it. Its MAC can be checked on the same
 * machine only: whatever it says counts by the quote that was made of it.
 *
 * Source: Intel TDX Module ABI, TDREPORT_STRUCT: REPORTMACSTRUCT at 0, TEE_TCB_INFO at 256, TDINFO at 512. 1,024 bytes.
 *
 * @throws {MalformedError} `TRUNCATED`; {VerifierError} `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
function parseTdReport(bytes: Uint8Array): Common {
  const r = new ByteReader('TD report', bytes)
  const type = r.u8(0, 'REPORTTYPE')
  r.bytes(1, 127, 'REPORTMACSTRUCT')
  // biome-ignore format: one row per row of the specification's table
  const report = {
    reportData:    r.bytes(128,  64, 'REPORTDATA'),
    mac:           r.bytes(192,  64, 'MAC'),
    teeTcbInfo:    r.bytes(256, 256, 'TEE_TCB_INFO'),
    tdAttributes:  r.bytes(512,   8, 'ATTRIBUTES'),
    xfam:          r.bytes(520,   8, 'XFAM'),
    mrTd:          r.bytes(528,  48, 'MRTD'),
    mrConfigId:    r.bytes(576,  48, 'MRCONFIGID'),
    mrOwner:       r.bytes(624,  48, 'MROWNER'),
    mrOwnerConfig: r.bytes(672,  48, 'MROWNERCONFIG'),
    rtmr0:         r.bytes(720,  48, 'RTMR0'),
    rtmr1:         r.bytes(768,  48, 'RTMR1'),
    rtmr2:         r.bytes(816,  48, 'RTMR2'),
    rtmr3:         r.bytes(864,  48, 'RTMR3'),
  }
  r.bytes(912, TD_REPORT_BYTES - 912, 'SERVTD_HASH')
  if (type !== TYPE_TDX) {
    const facts = { expected: String(TYPE_TDX), actual: String(type) }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: 'TD report REPORTTYPE', ...facts })
  }
  if (!isZero(r.rest('padding'))) throw new VerifierError('RESERVED_NOT_ZERO', { field: 'TD report padding' })
  return report
}

const COMPARED: readonly (keyof Common)[] = [
  'reportData',
  'tdAttributes',
  'xfam',
  'mrTd',
  'mrConfigId',
  'mrOwner',
  'mrOwnerConfig',
  'rtmr0',
  'rtmr1',
  'rtmr2',
  'rtmr3',
]

/**
 * Checks that a quote was made of the TD report that the paravisor keeps.
 *
 * @param hardwareReport - the TD report and the zeros after it.
 * @param quoted - what the quote says.
 * @throws {VerifierError} `HCL_TD_REPORT_MISMATCH`, and as parsing does.
 */
export function requireQuoted(hardwareReport: Uint8Array, quoted: TdReport): void {
  const report = parseTdReport(hardwareReport)
  for (const field of COMPARED) {
    const [expected, actual] = [toHex(quoted[field]), toHex(report[field])]
    if (actual !== expected) throw new VerifierError('HCL_TD_REPORT_MISMATCH', { field, expected, actual })
  }
}
