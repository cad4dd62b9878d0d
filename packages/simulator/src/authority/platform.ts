import { createHash } from 'node:crypto'
import { fromHex, utf8 } from '@blindai/core'
import type { QeTcb } from './tcb.ts'

/**
 * The one platform that every simulated TEE claims to be. No such processor exists: the FMSPC, the names and the root say
 * so. Values that tell the kind of a structure (vendor, TEE type, attributes) are Intel's, so that a verifier takes the
 * same path as for hardware.
 */

/** Family, model, stepping, platform type, custom SKU: "b11da1" is no Intel platform. */
export const FMSPC: Uint8Array = fromHex('FMSPC', 'b11da1000000')
export const PCE_ID: Uint8Array = fromHex('PCEID', '0000')
export const PCE_SVN = 11
export const SGX_TCB_COMPONENTS: readonly number[] = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]
/** TDX module SVN 6, module version 1, late microcode 3. Also the quote's TEE_TCB_SVN. */
export const TDX_TCB_COMPONENTS: readonly number[] = [6, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

/** The TCB recovery that the simulated endorsements claim to reflect. */
export const TCB_EVALUATION_DATA_NUMBER = 21

/** Intel's quoting enclave vendor. */
export const QE_VENDOR_ID: Uint8Array = fromHex('QE_VENDOR_ID', '939a7233f79c4ca9940a0db3957f0607')
export const TEE_TYPE_TDX = 0x81

/** The signer of Intel's TD quoting enclave, and its product. */
export const QE_TCB: QeTcb = {
  mrSigner: fromHex('MRSIGNER', 'dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5'),
  isvProdId: 2,
  isvSvn: 6,
}
/** The signer of Intel's SGX quoting enclave, and its product. */
export const SGX_QE_TCB: QeTcb = {
  mrSigner: fromHex('MRSIGNER', '8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff'),
  isvProdId: 1,
  isvSvn: 8,
}
export const QE_ATTRIBUTES: Uint8Array = fromHex('ATTRIBUTES', '1500000000000000e700000000000000')
export const QE_MR_ENCLAVE: Uint8Array = sha('sha256', 'BlindAI simulated quoting enclave')

/** INIT and MODE64BIT; x87, SSE, AVX and AVX-512. */
export const ENCLAVE_ATTRIBUTES: Uint8Array = fromHex('ATTRIBUTES', '0500000000000000e700000000000000')

/** A TDX module has no signer but Intel, which is written as zeros. */
export const MR_SEAM: Uint8Array = sha('sha384', 'BlindAI simulated TDX module')
/** SEPT_VE_DISABLE; debug, bit 0, is off. */
export const TD_ATTRIBUTES: Uint8Array = fromHex('TDATTRIBUTES', '0000001000000000')
export const XFAM: Uint8Array = fromHex('XFAM', 'e702060000000000')

function sha(algorithm: 'sha256' | 'sha384', text: string): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(utf8(text)).digest())
}
