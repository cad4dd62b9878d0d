import { concatBytes, fromHex } from '@blindai/core'
import { ByteWriter } from './byte-writer.ts'
import type { AuthorityKeys, Certificates } from './chain.ts'
import { type AuthorityChanges, apply } from './changes.ts'
import { type EnclaveReport, writeEnclaveReport } from './enclave-report.ts'
import * as platform from './platform.ts'
import { writeSgxSignatureData } from './quote.ts'
import { signQuote } from './quoting-enclave.ts'

/** What a simulated enclave measures: lower-case hex of 32 bytes each, and two numbers. */
export interface SimulatedEnclave {
  readonly mrEnclave: string
  readonly mrSigner: string
  readonly isvProdId: number
  readonly isvSvn: number
}

/** Source: Intel SGX ECDSA QuoteLibReference DCAP API, A.4, "Quote Header". */
export interface SgxQuoteHeader {
  readonly version: number
  /** 2: ECDSA-256 with P-256. */
  readonly attestationKeyType: number
  /** 0, where later versions name the TEE. */
  readonly reserved: Uint8Array
  readonly qeSvn: number
  readonly pceSvn: number
  readonly qeVendorId: Uint8Array
  readonly userData: Uint8Array
}

/** An SGX quote of version 3 of the platform over 64 bytes of report data. */
export function makeSgxQuote(
  keys: AuthorityKeys,
  certificates: Certificates,
  reportData: Uint8Array,
  enclave: SimulatedEnclave,
  changes: AuthorityChanges,
): Uint8Array {
  const header = writeSgxQuoteHeader(
    apply(changes.sgxQuoteHeader, {
      version: 3,
      attestationKeyType: 2,
      reserved: new Uint8Array(4),
      qeSvn: platform.SGX_QE_TCB.isvSvn,
      pceSvn: platform.PCE_SVN,
      qeVendorId: platform.QE_VENDOR_ID,
      userData: new Uint8Array(20),
    }),
  )
  const body = writeEnclaveReport(apply(changes.enclaveReport, enclaveReport(reportData, enclave)))
  const signedPart = concatBytes(header, body)
  const signature = signQuote(keys, certificates, platform.SGX_QE_TCB, signedPart, changes)
  return concatBytes(signedPart, writeSgxSignatureData(signature))
}

function writeSgxQuoteHeader(header: SgxQuoteHeader): Uint8Array {
  const w = new ByteWriter('quote header', 48)
  w.u16(0, header.version)
  w.u16(2, header.attestationKeyType)
  w.bytes(4, 4, header.reserved)
  w.u16(8, header.qeSvn)
  w.u16(10, header.pceSvn)
  w.bytes(12, 16, header.qeVendorId)
  w.bytes(28, 20, header.userData)
  return w.end()
}

function enclaveReport(reportData: Uint8Array, enclave: SimulatedEnclave): EnclaveReport {
  return {
    cpuSvn: new Uint8Array(platform.SGX_TCB_COMPONENTS),
    miscSelect: 0,
    isvExtProdId: new Uint8Array(16),
    attributes: platform.ENCLAVE_ATTRIBUTES,
    mrEnclave: fromHex('mrEnclave', enclave.mrEnclave),
    mrSigner: fromHex('mrSigner', enclave.mrSigner),
    configId: new Uint8Array(64),
    isvProdId: enclave.isvProdId,
    isvSvn: enclave.isvSvn,
    configSvn: 0,
    isvFamilyId: new Uint8Array(16),
    reportData,
  }
}
