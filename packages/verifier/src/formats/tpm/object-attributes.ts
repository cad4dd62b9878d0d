import { VerifierError } from '../../errors/verifier-error.ts'

/** Bits of TPMA_OBJECT; every other is reserved. Source: TPM 2.0 Library, Part 2, section 8.3.2 and 8.3.3. */
export const OBJECT_ATTRIBUTE_BITS: ReadonlyMap<number, string> = new Map([
  [1, 'fixedTPM'],
  [2, 'stClear'],
  [4, 'fixedParent'],
  [5, 'sensitiveDataOrigin'],
  [6, 'userWithAuth'],
  [7, 'adminWithPolicy'],
  [10, 'noDA'],
  [11, 'encryptedDuplication'],
  [16, 'restricted'],
  [17, 'decrypt'],
  [18, 'sign'],
  [19, 'x509sign'],
])

/**
 * What makes a key one that only this TPM has, and that signs nothing but what the TPM made itself. Without `restricted`,
 * whoever may use the key signs any bytes, a quote among them. Source: Part 1, section 27.1 ("attestation keys").
 */
export const REQUIRED_OF_AK = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'] as const

/** A restricted key that decrypts is a parent of others; one for X.509 signs what a TPM did not make. */
export const FORBIDDEN_OF_AK = ['decrypt', 'encryptedDuplication', 'x509sign'] as const

/** Names of the bits that are set, lowest first; `RESERVED_n` for one without a name. */
export function objectAttributeNames(attributes: number): readonly string[] {
  const names: string[] = []
  for (let bit = 0; bit < 32; bit++) {
    if (((attributes >>> bit) & 1) === 1) names.push(OBJECT_ATTRIBUTE_BITS.get(bit) ?? `RESERVED_${bit}`)
  }
  return names
}

/**
 * Checks that the attributes are those of an attestation key.
 *
 * @throws {VerifierError} `TPM_AK_ATTRIBUTE_RESERVED`, `TPM_AK_ATTRIBUTE_MISSING`, `TPM_AK_ATTRIBUTE_FORBIDDEN`.
 */
export function requireAkAttributes(attributes: number): void {
  const names = objectAttributeNames(attributes)
  const objectAttributes = `0x${attributes.toString(16).padStart(8, '0')}`
  const reserved = names.find((name) => name.startsWith('RESERVED_'))
  if (reserved !== undefined)
    throw new VerifierError('TPM_AK_ATTRIBUTE_RESERVED', { attribute: reserved, objectAttributes })
  const missing = REQUIRED_OF_AK.find((name) => !names.includes(name))
  if (missing !== undefined)
    throw new VerifierError('TPM_AK_ATTRIBUTE_MISSING', { attribute: missing, objectAttributes })
  const forbidden = FORBIDDEN_OF_AK.find((name) => names.includes(name))
  if (forbidden !== undefined)
    throw new VerifierError('TPM_AK_ATTRIBUTE_FORBIDDEN', { attribute: forbidden, objectAttributes })
}
