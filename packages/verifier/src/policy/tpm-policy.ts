import type { TpmBank } from '../formats/tpm/evidence.ts'
import type { NamedReference } from './policy.ts'

/** What a reviewed release leaves in the registers that it is judged by. */
export interface TpmReference extends NamedReference {
  readonly bank: TpmBank
  /** Lower-case hex by the number of the register; others are not looked at. */
  readonly pcrs: { readonly [pcr: string]: string }
}

/** An attestation key that an enrolment found to be a TPM's: by a secret that only the TPM with a certified EK could open. */
export interface TpmAttestationKey {
  /** The key's name, lower-case hex: number of its hash, and that hash of its public area. */
  readonly name: string
  /** The day it was enrolled, `YYYY-MM-DD`. */
  readonly date: string
  /** Whose machine it is. */
  readonly label?: string
}

/** What is wanted of a TPM. SHA-256 of certificates as lower-case hex. */
export interface TpmPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly TpmReference[]
  readonly attestationKeys: readonly TpmAttestationKey[]
  /** Authorities that certify attestation keys. */
  readonly akRoots: readonly string[]
  /** Whether attestation keys of the clouds count that are pinned here. */
  readonly cloudRoots: boolean
  /** Authorities that certify endorsement keys. An endorsement key says nothing of an attestation key. */
  readonly ekRoots: readonly string[]
}
