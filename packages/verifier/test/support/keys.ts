import type { KeyPair } from '@blindai/simulator'

/** DER of the SubjectPublicKeyInfo. */
export function spkiOf({ publicKey }: KeyPair): Uint8Array {
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}
