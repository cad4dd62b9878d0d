import { describe, expect, test } from 'vitest'
import { parseEnclaveReport } from '../src/dcap/enclave-report.ts'
import { parseTdReport10, parseTdReport15 } from '../src/formats/tdx/td-report.ts'

/** A field of a specification's table. */
type Row = readonly [name: string, offset: number, bytes: number]

/** Intel SDM volume 3D, table 40-21. */
const ENCLAVE_REPORT: readonly Row[] = [
  ['CPUSVN', 0, 16],
  ['MISCSELECT', 16, 4],
  ['RESERVED1', 20, 12],
  ['ISVEXTPRODID', 32, 16],
  ['ATTRIBUTES', 48, 16],
  ['MRENCLAVE', 64, 32],
  ['RESERVED2', 96, 32],
  ['MRSIGNER', 128, 32],
  ['RESERVED3', 160, 32],
  ['CONFIGID', 192, 64],
  ['ISVPRODID', 256, 2],
  ['ISVSVN', 258, 2],
  ['CONFIGSVN', 260, 2],
  ['RESERVED4', 262, 42],
  ['ISVFAMILYID', 304, 16],
  ['REPORTDATA', 320, 64],
]

/** Intel TDX DCAP Quoting Library API, A.3.2. */
const TD_REPORT_10: readonly Row[] = [
  ['TEE_TCB_SVN', 0, 16],
  ['MRSEAM', 16, 48],
  ['MRSIGNERSEAM', 64, 48],
  ['SEAMATTRIBUTES', 112, 8],
  ['TDATTRIBUTES', 120, 8],
  ['XFAM', 128, 8],
  ['MRTD', 136, 48],
  ['MRCONFIGID', 184, 48],
  ['MROWNER', 232, 48],
  ['MROWNERCONFIG', 280, 48],
  ['RTMR0', 328, 48],
  ['RTMR1', 376, 48],
  ['RTMR2', 424, 48],
  ['RTMR3', 472, 48],
  ['REPORTDATA', 520, 64],
]

/** Intel TDX DCAP Quoting Library API, A.4.3. */
const TD_REPORT_15: readonly Row[] = [...TD_REPORT_10, ['TEE_TCB_SVN_2', 584, 16], ['MRSERVICETD', 600, 48]]

const LAYOUTS = [
  { name: 'QE report', what: 'an enclave report', rows: ENCLAVE_REPORT, parse: enclaveReport },
  { name: 'TD report', what: 'a TD report of TDX 1.0', rows: TD_REPORT_10, parse: parseTdReport10 },
  { name: 'TD report', what: 'a TD report of TDX 1.5', rows: TD_REPORT_15, parse: parseTdReport15 },
] as const

function enclaveReport(bytes: Uint8Array): unknown {
  return parseEnclaveReport('QE report', bytes)
}

for (const { name, what, rows, parse } of LAYOUTS) {
  const size = rows.reduce((end, [, offset, bytes]) => Math.max(end, offset + bytes), 0)
  describe(what, () => {
    for (const [field, offset, bytes] of rows) {
      test(`that ends inside ${field} is refused by that name`, () => {
        const details = { field: `${name} ${field}`, needed: bytes, available: bytes - 1 }
        expect(() => parse(new Uint8Array(offset + bytes - 1))).toThrowError(
          expect.objectContaining({ code: 'TRUNCATED', details }),
        )
      })
    }
    test(`has ${size} bytes, and not one more`, () => {
      expect(() => parse(new Uint8Array(size))).not.toThrow()
      expect(() => parse(new Uint8Array(size + 1))).toThrowError(
        expect.objectContaining({ code: 'TRAILING_BYTES', details: { field: name, count: 1 } }),
      )
    })
  })
}

describe('an enclave report', () => {
  for (const [index, at] of [20, 31, 96, 127, 160, 191, 262, 303].entries()) {
    const field = `QE report RESERVED${Math.floor(index / 2) + 1}`
    test(`with something at byte ${at} is refused for ${field}`, () => {
      const bytes = new Uint8Array(384)
      bytes[at] = 1
      expect(() => enclaveReport(bytes)).toThrowError(
        expect.objectContaining({ code: 'RESERVED_NOT_ZERO', details: { field } }),
      )
    })
  }
})
