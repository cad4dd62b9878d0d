import { concatBytes, fromHex } from '@blindai/core'
import type { AuthorityKeys, Certificates } from './chain.ts'
import { type AuthorityChanges, apply } from './changes.ts'
import * as platform from './platform.ts'
import { type TdReport, writeBody5, writeQuoteHeader, writeSignatureData, writeTdReport } from './quote.ts'
import { signQuote } from './quoting-enclave.ts'

/** What a simulated quote measures, as lower-case hex of 48 bytes each. */
export interface SimulatedMeasurements {
  readonly mrTd: string
  readonly rtmr0: string
  readonly rtmr1: string
  readonly rtmr2: string
  readonly rtmr3: string
}

/** A TDX quote of the platform over 64 bytes of report data. */
export function makeQuote(
  keys: AuthorityKeys,
  certificates: Certificates,
  reportData: Uint8Array,
  measurements: SimulatedMeasurements,
  changes: AuthorityChanges,
): Uint8Array {
  const header = apply(changes.quoteHeader, {
    version: 4,
    attestationKeyType: 2,
    teeType: platform.TEE_TYPE_TDX,
    reserved: new Uint8Array(4),
    qeVendorId: platform.QE_VENDOR_ID,
    userData: new Uint8Array(20),
  })
  const report = apply(changes.tdReport, tdReport(reportData, measurements))
  const body = header.version === 5 ? writeBody5(report) : writeTdReport(report)
  const signedPart = concatBytes(writeQuoteHeader(header), body)
  const signature = signQuote(keys, certificates, platform.QE_TCB, signedPart, changes)
  return concatBytes(signedPart, writeSignatureData(signature))
}

function tdReport(reportData: Uint8Array, measurements: SimulatedMeasurements): TdReport {
  const zeros = new Uint8Array(48)
  return {
    teeTcbSvn: new Uint8Array(platform.TDX_TCB_COMPONENTS),
    mrSeam: platform.MR_SEAM,
    mrSignerSeam: zeros,
    seamAttributes: new Uint8Array(8),
    tdAttributes: platform.TD_ATTRIBUTES,
    xfam: platform.XFAM,
    mrTd: fromHex('mrTd', measurements.mrTd),
    mrConfigId: zeros,
    mrOwner: zeros,
    mrOwnerConfig: zeros,
    rtmr0: fromHex('rtmr0', measurements.rtmr0),
    rtmr1: fromHex('rtmr1', measurements.rtmr1),
    rtmr2: fromHex('rtmr2', measurements.rtmr2),
    rtmr3: fromHex('rtmr3', measurements.rtmr3),
    reportData,
  }
}
