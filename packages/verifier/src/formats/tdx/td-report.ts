import { ByteReader } from '@blindai/core'

/** Bytes of a TD report of TDX 1.0, and of one of TDX 1.5. */
export const TD_REPORT_10_BYTES = 584
export const TD_REPORT_15_BYTES = 648

/** What the TDX module says of a trust domain. */
export interface TdReport {
  readonly teeTcbSvn: Uint8Array
  readonly mrSeam: Uint8Array
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly xfam: Uint8Array
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmr0: Uint8Array
  readonly rtmr1: Uint8Array
  readonly rtmr2: Uint8Array
  readonly rtmr3: Uint8Array
  readonly reportData: Uint8Array
  /** TDX 1.5: the TCB of the TDX module that runs now; `teeTcbSvn` is of the one that started the trust domain. */
  readonly teeTcbSvn2?: Uint8Array
  /** TDX 1.5: the service trust domain that may migrate this one; zero when none is bound. */
  readonly mrServiceTd?: Uint8Array
}

/**
 * Parses a TD report of TDX 1.0 as quotes carry it.
 *
 * Source: Intel TDX DCAP Quoting Library API, A.3.2 (TD Quote Body for TDX 1.0). 584 bytes.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`.
 */
export function parseTdReport10(bytes: Uint8Array): TdReport {
  const r = new ByteReader('TD report', bytes)
  const report = readCommon(r)
  r.end()
  return report
}

/**
 * Parses a TD report of TDX 1.5 as quotes carry it.
 *
 * Source: Intel TDX DCAP Quoting Library API, A.4.3 (TD Quote Body for TDX 1.5). 648 bytes.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`.
 */
export function parseTdReport15(bytes: Uint8Array): TdReport {
  const r = new ByteReader('TD report', bytes)
  // biome-ignore format: one row per row of the specification's table
  const report = {
    ...readCommon(r),
    teeTcbSvn2:  r.bytes(584, 16, 'TEE_TCB_SVN_2'),
    mrServiceTd: r.bytes(600, 48, 'MRSERVICETD'),
  }
  r.end()
  return report
}

function readCommon(r: ByteReader): TdReport {
  // biome-ignore format: one row per row of the specification's table
  return {
    teeTcbSvn:      r.bytes(  0, 16, 'TEE_TCB_SVN'),
    mrSeam:         r.bytes( 16, 48, 'MRSEAM'),
    mrSignerSeam:   r.bytes( 64, 48, 'MRSIGNERSEAM'),
    seamAttributes: r.bytes(112,  8, 'SEAMATTRIBUTES'),
    tdAttributes:   r.bytes(120,  8, 'TDATTRIBUTES'),
    xfam:           r.bytes(128,  8, 'XFAM'),
    mrTd:           r.bytes(136, 48, 'MRTD'),
    mrConfigId:     r.bytes(184, 48, 'MRCONFIGID'),
    mrOwner:        r.bytes(232, 48, 'MROWNER'),
    mrOwnerConfig:  r.bytes(280, 48, 'MROWNERCONFIG'),
    rtmr0:          r.bytes(328, 48, 'RTMR0'),
    rtmr1:          r.bytes(376, 48, 'RTMR1'),
    rtmr2:          r.bytes(424, 48, 'RTMR2'),
    rtmr3:          r.bytes(472, 48, 'RTMR3'),
    reportData:     r.bytes(520, 64, 'REPORTDATA'),
  }
}
