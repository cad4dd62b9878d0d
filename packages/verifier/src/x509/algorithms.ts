import { concatBytes } from '@blindai/core'
import { COORDINATE_BYTES, type Curve, type PublicKey, type SignatureHash, verifyEcdsa } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBitString, readOid, readUnsignedInteger } from './der-values.ts'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'

/** Source: RFC 5480 section 2.1.1.1. */
const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
])

/** Source: RFC 5758 section 3.2. */
const ECDSA_HASHES: ReadonlyMap<string, SignatureHash> = new Map([
  ['1.2.840.10045.4.3.2', 'SHA-256'],
  ['1.2.840.10045.4.3.3', 'SHA-384'],
])

/** AlgorithmIdentifier of a signature; ECDSA has no parameters. @throws {VerifierError} `UNSUPPORTED_ALGORITHM`. */
export function readSignatureAlgorithm(reader: DerReader, what: string): SignatureHash {
  const algorithm = reader.enter(TAG.sequence, what)
  const oid = readOid(algorithm, 'algorithm')
  const hash = ECDSA_HASHES.get(oid)
  if (hash === undefined) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: algorithm.field, actual: oid })
  algorithm.end()
  return hash
}

/** SubjectPublicKeyInfo of an uncompressed point on a named curve. Source: RFC 5480 section 2. */
export function readPublicKey(reader: DerReader, what: string): PublicKey {
  const info = reader.enter(TAG.sequence, what)
  const algorithm = info.enter(TAG.sequence, 'algorithm')
  const oid = readOid(algorithm, 'algorithm')
  if (oid !== EC_PUBLIC_KEY) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: info.field, actual: oid })
  const curveOid = readOid(algorithm, 'curve')
  const curve = CURVES.get(curveOid)
  if (curve === undefined) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: info.field, actual: curveOid })
  algorithm.end()
  const point = readBitString(info, 'point')
  info.end()
  if (point.byteLength !== 1 + 2 * COORDINATE_BYTES[curve] || point[0] !== 4) {
    throw new VerifierError('PUBLIC_KEY_INVALID', { field: info.field })
  }
  return { curve, point }
}

/** What was signed, how, and the signature as X.509 carries it: DER of r and s. */
export interface SignedStructure {
  readonly field: string
  readonly signed: Uint8Array
  readonly signatureHash: SignatureHash
  readonly signature: Uint8Array
}

/** True when the structure is signed by the key. A signature that is no pair of numbers is by nobody. */
export async function isSignedBy(structure: SignedStructure, key: PublicKey): Promise<boolean> {
  const { field, signed, signatureHash } = structure
  const signature = rawSignature(field, structure.signature, COORDINATE_BYTES[key.curve])
  return signature !== undefined && verifyEcdsa(field, key, signatureHash, signature, signed)
}

/** r and s side by side. Source: RFC 3279 section 2.2.3. Undefined when one is longer than a coordinate. */
function rawSignature(field: string, der: Uint8Array, coordinateBytes: number): Uint8Array | undefined {
  const outer = new DerReader(`${field} signature`, der)
  const pair = outer.enter(TAG.sequence, 'ECDSA-Sig-Value')
  outer.end()
  const r = readUnsignedInteger(pair, 'r')
  const s = readUnsignedInteger(pair, 's')
  pair.end()
  if (r.byteLength > coordinateBytes || s.byteLength > coordinateBytes) return undefined
  const pad = (n: Uint8Array): Uint8Array => concatBytes(new Uint8Array(coordinateBytes - n.byteLength), n)
  return concatBytes(pad(r), pad(s))
}
