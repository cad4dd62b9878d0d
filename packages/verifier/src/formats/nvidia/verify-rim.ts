import { digest, equalBytes, toHex } from '@blindai/core'
import { verifyEcdsa } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { OpaqueData } from './opaque-data.ts'
import type { Rim } from './rim.ts'

/** The chip that all of this is about. */
const PRODUCT = 'GH100'

/**
 * Checks that a manifest is what its signer signed.
 *
 * @throws {VerifierError} `RIM_DIGEST_MISMATCH`, `RIM_SIGNATURE_INVALID`.
 */
export async function verifyRimSignature(rim: Rim): Promise<void> {
  const actual = await digest('SHA-384', rim.content)
  if (!equalBytes(actual, rim.contentDigest)) {
    const facts = { rim: rim.field, expected: toHex(rim.contentDigest), actual: toHex(actual) }
    throw new VerifierError('RIM_DIGEST_MISMATCH', facts)
  }
  const [signer] = rim.chain
  if (signer === undefined) throw new Error('a manifest was parsed without a certificate')
  if (await verifyEcdsa(signer.field, signer.publicKey, 'SHA-384', rim.signature, rim.signedInfo)) return
  throw new VerifierError('RIM_SIGNATURE_INVALID', { rim: rim.field, signer: signer.subject.commonName })
}

/**
 * Checks that the manifests are for the versions that the report names, and joins them.
 *
 * @returns lower-case hex of what may be measured, by index.
 * @throws {VerifierError} `RIM_PRODUCT_MISMATCH`, `RIM_VERSION_MISMATCH`, `RIM_INDEX_CONFLICT`.
 */
export function joinRims(driver: Rim, vbios: Rim, opaque: OpaqueData): ReadonlyMap<number, readonly string[]> {
  requireFor(driver, opaque.driverVersion)
  requireFor(vbios, opaque.vbiosVersion)
  for (const index of driver.measurements.keys()) {
    if (vbios.measurements.has(index)) throw new VerifierError('RIM_INDEX_CONFLICT', { index })
  }
  return new Map([...driver.measurements, ...vbios.measurements])
}

/** NVIDIA writes the hexadecimal digits of a VBIOS version in upper case in manifests. */
function requireFor({ field, product, version }: Rim, expected: string): void {
  if (product !== PRODUCT)
    throw new VerifierError('RIM_PRODUCT_MISMATCH', { rim: field, expected: PRODUCT, actual: product })
  if (version.toLowerCase() === expected.toLowerCase()) return
  throw new VerifierError('RIM_VERSION_MISMATCH', { rim: field, expected, actual: version })
}
