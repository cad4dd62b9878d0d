import type { NamedReference } from './policy.ts'

/** Registers that every reference value for Nitro names: image, kernel, application. */
export type NitroRegister = 'pcr0' | 'pcr1' | 'pcr2'

/** Registers that it may name besides: the parent instance's role and identifier, the certificate that signed the image. */
export type OptionalNitroRegister = 'pcr3' | 'pcr4' | 'pcr8'

/** What a reviewed release measures. Lower-case hex of 48 bytes each. */
export interface NitroReference
  extends NamedReference,
    Readonly<Record<NitroRegister, string>>,
    Readonly<Partial<Record<OptionalNitroRegister, string>>> {}

/** What is wanted of AWS Nitro. It reports no version of its own parts, so there is nothing more to want. */
export interface NitroPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly NitroReference[]
}
