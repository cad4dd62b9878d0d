import type { EndorsementKeyKind } from '../formats/snp/endorsement-key.ts'
import type { SnpProduct } from '../formats/snp/product.ts'
import type { SnpTcb, SnpTcbName } from '../formats/snp/tcb-version.ts'
import type { OptionalSnpRegister } from '../policy/sev-snp-policy.ts'
import type { CommonClaims } from './claims.ts'

/** What proved evidence says of an SEV-SNP guest and its platform. Binary is lower-case hex. */
export interface SnpClaims extends CommonClaims, Readonly<Record<OptionalSnpRegister, string>> {
  readonly format: 'sev-snp' | 'simulated-sev-snp'
  readonly reportVersion: 2 | 3 | 4 | 5
  /** The launch digest. */
  readonly measurement: string
  readonly guestSvn: number
  /** POLICY: 8 bytes, most significant first. */
  readonly guestPolicy: string
  /** Names of the flags of the guest policy that are set; `RESERVED_n` for one without a name. */
  readonly guestPolicyNames: readonly string[]
  /** The lowest firmware ABI that the guest accepted, `major.minor`. */
  readonly guestPolicyAbi: string
  /** The level that asked for the report; 4294967295 when the host did. */
  readonly vmpl: number
  /** False when nobody certified the key that signed the guest's identity; `authorKeyDigest` then says nothing. */
  readonly hasAuthorKey: boolean
  readonly reportId: string
  readonly reportIdMa: string
  readonly platform: SnpPlatformClaims
}

/** The platform, as the report and the certificate name it. */
export interface SnpPlatformClaims {
  readonly product: SnpProduct
  /** 64 bytes; zeros when the platform hides it. */
  readonly chipId: string
  readonly signingKey: EndorsementKeyKind
  /** To whom the VLEK is lent. */
  readonly vlekProvider?: string
  /** PLATFORM_INFO: 8 bytes, most significant first. */
  readonly platformInfo: string
  /** Names of the bits of PLATFORM_INFO that are set; `RESERVED_n` for one without a name. */
  readonly platformInfoNames: readonly string[]
  /** `major.minor.build`. */
  readonly currentFirmware: string
  readonly committedFirmware: string
  /** `family.model.stepping`, hexadecimal; from report version 3 on. */
  readonly cpuId?: string
  /** Mitigations that the firmware has verified, 8 bytes each, most significant first; from report version 4 on. */
  readonly launchMitigations?: string
  readonly currentMitigations?: string
}

/** One security version that is lower than the policy wants. */
export interface SnpTcbGap {
  readonly tcb: SnpTcbName
  readonly component: string
  readonly has: number
  readonly needs: number
}

/** The TCB versions of a platform. AMD lists no levels: the status says how they stand to the policy's minimum. */
export interface SnpTcbClaims extends Readonly<Record<SnpTcbName, SnpTcb>> {
  readonly status: 'UpToDate' | 'OutOfDate'
  readonly gaps: readonly SnpTcbGap[]
}
