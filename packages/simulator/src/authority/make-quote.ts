import { createHash } from 'node:crypto'
import { concatBytes, fromHex, utf8 } from '@blindai/core'
import { type AuthorityKeys, type Certificates, pemChain } from './chain.ts'
import { type AuthorityChanges, apply } from './changes.ts'
import { rawPublicKey, signRaw } from './keys.ts'
import * as platform from './platform.ts'
import { type TdReport, writeQeReport, writeQuoteHeader, writeSignatureData, writeTdReport } from './quote.ts'

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
  const header = writeQuoteHeader(
    apply(changes.quoteHeader, {
      version: 4,
      attestationKeyType: 2,
      teeType: platform.TEE_TYPE_TDX,
      reserved: new Uint8Array(4),
      qeVendorId: platform.QE_VENDOR_ID,
      userData: new Uint8Array(20),
    }),
  )
  const body = writeTdReport(apply(changes.tdReport, tdReport(reportData, measurements)))
  const signedPart = concatBytes(header, body)

  const attestationKey = rawPublicKey(keys.attestation)
  const qeAuthenticationData = Uint8Array.from({ length: 32 }, (_, index) => index)
  const qeReport = writeQeReport(
    apply(changes.qeReport, {
      cpuSvn: new Uint8Array(platform.SGX_TCB_COMPONENTS),
      miscSelect: 0,
      attributes: platform.QE_ATTRIBUTES,
      mrEnclave: platform.QE_MR_ENCLAVE,
      mrSigner: platform.QE_TCB.mrSigner,
      isvProdId: platform.QE_TCB.isvProdId,
      isvSvn: platform.QE_TCB.isvSvn,
      reportData: concatBytes(sha256(concatBytes(attestationKey, qeAuthenticationData)), new Uint8Array(32)),
    }),
  )
  const signatureData = writeSignatureData(
    apply(changes.signatureData, {
      quoteSignature: signRaw(keys.attestation, signedPart),
      attestationKey,
      qeReport,
      qeReportSignature: signRaw(keys.pck, qeReport),
      qeAuthenticationData,
      pckChain: utf8(`${pemChain(certificates.pck, certificates.platformCa, certificates.root)}\0`),
      outerType: 6,
      innerType: 5,
    }),
  )
  return concatBytes(signedPart, signatureData)
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

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
