import type { NamedReference } from './policy.ts'

/** Versions that every reference value for a GPU names. */
export type NvidiaRegister = 'driverVersion' | 'vbiosVersion'

/** What it may name besides. */
export type OptionalNvidiaRegister = 'chipSku' | 'project' | 'projectSku'

/** A driver and a VBIOS that were reviewed; what they measure is in NVIDIA's signed manifests. */
export interface NvidiaReference
  extends NamedReference,
    Readonly<Record<NvidiaRegister, string>>,
    Readonly<Partial<Record<OptionalNvidiaRegister, string>>> {}

/** What is wanted of an NVIDIA GPU. Hopper is the only architecture that is known here. */
export interface NvidiaPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly NvidiaReference[]
  /** Whether a responder has to vouch for every certificate that names one. */
  readonly requireOcsp: boolean
  /** Dotted decimal numbers. */
  readonly minimumDriverVersion?: string
  /** Five dotted hexadecimal numbers of two digits. */
  readonly minimumVbiosVersion?: string
  /** Which states of protected PCIe are accepted; off alone unless the policy names more. */
  readonly protectedPcie: readonly boolean[]
}
