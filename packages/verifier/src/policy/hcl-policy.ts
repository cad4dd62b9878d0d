import type { TpmBank } from '../formats/tpm/evidence.ts'
import type { NamedReference, OptionalTdxRegister, TdxRegister } from './policy.ts'
import type { OptionalSnpRegister } from './sev-snp-policy.ts'

/** What the hardware measures of a paravisor: of SEV-SNP the launch digest, of TDX MRTD, and what may be named besides. */
export type HclRegister = 'measurement' | OptionalSnpRegister | TdxRegister | OptionalTdxRegister

/** What a reviewed release is: a paravisor on one kind of hardware, and what the guest leaves in the registers of its TPM. */
export interface HclReference extends NamedReference {
  /** Lower-case hex. Exactly one of `measurement` and `mrTd` is there, and only registers of the same hardware. */
  readonly registers: { readonly [Register in HclRegister]?: string }
  readonly bank: TpmBank
  /** Lower-case hex by the number of the register, at least one; others are not looked at. */
  readonly pcrs: { readonly [pcr: string]: string }
}

/** What is wanted of Azure confidential virtual machines; of their hardware, `sevSnp` and `tdx` say it. */
export interface HclPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly HclReference[]
}
