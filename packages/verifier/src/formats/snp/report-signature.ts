import { ByteReader, concatBytes, isZero } from '@blindai/core'
import { COORDINATE_BYTES } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'

const COMPONENT_BYTES = 72
const P384_BYTES = COORDINATE_BYTES['P-384']

/**
 * The signature of a report as WebCrypto wants it: r and s, 48 bytes each, big-endian.
 *
 * Source: AMD 56860, "Format of an ECDSA P-384 Signature": r and s little-endian and zero-extended to 72 bytes each, then
 * 368 reserved bytes.
 *
 * @param bytes - 512 bytes.
 * @throws {VerifierError} `RESERVED_NOT_ZERO`.
 */
export function parseReportSignature(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader('SNP report SIGNATURE', bytes)
  const r = reader.bytes(0, COMPONENT_BYTES, 'R')
  const s = reader.bytes(COMPONENT_BYTES, COMPONENT_BYTES, 'S')
  const reserved = reader.rest('RESERVED')
  if (!isZero(reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: 'SNP report SIGNATURE RESERVED' })
  return concatBytes(bigEndian('R', r), bigEndian('S', s))
}

function bigEndian(name: string, component: Uint8Array): Uint8Array {
  if (!isZero(component.subarray(P384_BYTES))) {
    throw new VerifierError('RESERVED_NOT_ZERO', { field: `SNP report SIGNATURE ${name} above 384 bits` })
  }
  return component.slice(0, P384_BYTES).reverse()
}
