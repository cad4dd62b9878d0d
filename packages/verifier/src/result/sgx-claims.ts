import type { CommonClaims, DcapPlatformClaims } from './claims.ts'

/** What proved evidence says of an enclave and its platform. Binary is lower-case hex. */
export interface SgxClaims extends CommonClaims {
  readonly format: 'sgx' | 'simulated-sgx'
  readonly quoteVersion: 3
  readonly mrEnclave: string
  readonly mrSigner: string
  readonly isvProdId: number
  readonly isvSvn: number
  /** These four are zero unless the enclave has the attribute `KSS`. */
  readonly configId: string
  readonly configSvn: number
  readonly isvFamilyId: string
  readonly isvExtProdId: string
  /** Flags and XFRM, 16 bytes. */
  readonly attributes: string
  /** Names of the flags that are set; `RESERVED_n` for a bit without a name. So are the other two lists. */
  readonly attributeNames: readonly string[]
  readonly xfrmNames: readonly string[]
  readonly miscSelect: string
  readonly miscSelectNames: readonly string[]
  /** Of the processor as it runs; that of `platform` is the one that the PCK certificate is for. */
  readonly cpuSvn: string
  readonly platform: DcapPlatformClaims
  /** Zero bytes after the quote that nobody signed. */
  readonly paddingBytes: number
}
