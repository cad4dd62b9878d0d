import type { LevelStatus } from '../dcap/tcb-status.ts'
import type { PolicySgxAttribute, SgxMiscSelect } from '../formats/sgx/attributes.ts'
import type { DcapPlatformPolicy } from './dcap-platform-policy.ts'
import type { DcapTcbPolicy, NamedReference } from './policy.ts'

/**
 * What a reviewed release measures. It names the enclave by its measurement, or by who signed it, as which product and of
 * which version at least, or by both. Lower-case hex: MRENCLAVE and MRSIGNER 32 bytes, CONFIGID 64, the other two 16.
 */
export interface SgxReference extends NamedReference {
  readonly mrEnclave?: string
  /** The signer may release any code, so its word counts only together with product and version. */
  readonly mrSigner?: string
  readonly isvProdId?: number
  readonly minimumIsvSvn?: number
  readonly configId?: string
  readonly minimumConfigSvn?: number
  readonly isvFamilyId?: string
  readonly isvExtProdId?: string
}

/** Statuses that a policy may accept of SGX, which has no relaunch. */
export type AcceptableSgxTcbStatus = Exclude<LevelStatus, 'Revoked'>

/** What is wanted of Intel SGX. */
export interface SgxPolicy extends DcapTcbPolicy<AcceptableSgxTcbStatus> {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly SgxReference[]
  readonly platforms: DcapPlatformPolicy
  /** No other attribute may be set, but that the enclave is initialized. */
  readonly allowedAttributes: readonly PolicySgxAttribute[]
  readonly requiredAttributes: readonly PolicySgxAttribute[]
  /** No other bit of MISCSELECT may be set. */
  readonly allowedMiscSelect: readonly SgxMiscSelect[]
}
