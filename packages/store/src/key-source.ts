/**
 * Where the key of a store comes from. The store makes a random key of its own; the source turns it into a form that lies
 * in the index and that only the source opens again. So a new store key and what it seals change in one rename.
 *
 * | kind | `seal` and `unseal` | against the operator |
 * | --- | --- | --- |
 * | `ephemeral` | a key in this process's memory | nothing survives the process, so nothing can be opened |
 * | `file` | a key in a file beside the store | none: for simulated evidence and tests only |
 * | `gramine` | the SGX sealing key of the enclave's measurement, which Gramine gives as a file | opens only in the same code on the same processor |
 * | `tpm` | TPM2_Create and TPM2_Unseal under a PCR policy | only where the TPM is itself the evidence or is bound by the hardware report: a host's software TPM beside a confidential VM would hand the operator the key |
 * | `broker` | a service that wraps and unwraps after it has verified this enclave's evidence | as good as the broker's policy |
 * | `peer` | an enclave of the same measurement and class that has the key, over a channel attested both ways | as good as the successor list of the owner |
 *
 * This package makes the first two. The others are this interface for whoever has the device or the service.
 */
export type KeySourceKind = 'ephemeral' | 'file' | 'gramine' | 'tpm' | 'broker' | 'peer'

export const KEY_SOURCE_KINDS: readonly KeySourceKind[] = ['ephemeral', 'file', 'gramine', 'tpm', 'broker', 'peer']

/** The longest form that a source may give a key. */
export const MAX_SEALED_KEY_BYTES = 4096

export interface KeySource {
  readonly kind: KeySourceKind
  /** A form of the key that only this source opens; at most `MAX_SEALED_KEY_BYTES`. */
  seal(key: Uint8Array): Promise<Uint8Array>
  /**
   * The key in a form that `seal` gave, in this process or an earlier one.
   *
   * @throws {StoreError} `KEY_NOT_RELEASED` and the source's own codes. A source never gives another key in its place.
   */
  unseal(sealed: Uint8Array): Promise<Uint8Array>
}
