import { concatBytes, toHex } from '@blindai/core'
import {
  COORDINATE_BYTES,
  type Curve,
  type EcPublicKey,
  type PublicKey,
  type SignatureHash,
  verifyEcdsa,
  verifyPkcs1,
  verifyPss,
} from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBitString, readNull, readOid, readSmallInteger, readUnsignedInteger } from './der-values.ts'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const RSASSA_PSS = '1.2.840.113549.1.1.10'

/**
 * Whose certificates they are, which says what they may use. `tee`: ECDSA, and RSASSA-PSS by 4096 bits as AMD has it. `tpm`:
 * also what the authorities of TPMs sign with, RSA of 2048 bits and more by PKCS #1 v1.5, and the names of their leaves.
 */
export type CertificateFamily = 'tee' | 'tpm'

const RSA_BYTES: { readonly [F in CertificateFamily]: readonly number[] } = { tee: [512], tpm: [256, 384, 512] }
const RSA_EXPONENT = 65_537

/** Source: RFC 5480 section 2.1.1.1. */
const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
])

/** How something is signed. */
export interface SignatureAlgorithm {
  readonly scheme: 'ECDSA' | 'RSASSA-PSS' | 'RSASSA-PKCS1-v1_5'
  readonly hash: SignatureHash
}

/** Source: RFC 5758 section 3.2. */
const ECDSA: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.10045.4.3.2', { scheme: 'ECDSA', hash: 'SHA-256' }],
  ['1.2.840.10045.4.3.3', { scheme: 'ECDSA', hash: 'SHA-384' }],
])

/** Source: RFC 8017 section A.2.4; their parameters are NULL. */
const PKCS1: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.11', { scheme: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  ['1.2.840.113549.1.1.12', { scheme: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }],
])

const PSS: SignatureAlgorithm = { scheme: 'RSASSA-PSS', hash: 'SHA-384' }

/**
 * RSASSA-PSS-params of SHA-384, MGF1 with SHA-384 and a salt of 48 bytes, without and with the trailer field that DER
 * would leave out: AMD writes it in the certificates of its authorities. Source: RFC 4055 section 3.1; AMD 57230.
 */
const PSS_BODY =
  'a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130'
const PSS_PARAMETERS: readonly string[] = [`3034${PSS_BODY}`, `3039${PSS_BODY}a303020101`]

/** AlgorithmIdentifier of a signature; ECDSA has no parameters. @throws {VerifierError} `UNSUPPORTED_ALGORITHM`. */
export function readSignatureAlgorithm(
  reader: DerReader,
  what: string,
  family?: CertificateFamily,
): SignatureAlgorithm {
  const identifier = reader.enter(TAG.sequence, what)
  const oid = readOid(identifier, 'algorithm')
  if (oid === RSASSA_PSS) {
    const parameters = toHex(identifier.element(TAG.sequence, 'parameters').raw)
    identifier.end()
    if (PSS_PARAMETERS.includes(parameters)) return PSS
    throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: identifier.field, actual: `${oid} with ${parameters}` })
  }
  const pkcs1 = family === 'tpm' ? PKCS1.get(oid) : undefined
  if (pkcs1 !== undefined) readNull(identifier, 'parameters')
  const algorithm = pkcs1 ?? ECDSA.get(oid)
  if (algorithm === undefined)
    throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: identifier.field, actual: oid })
  identifier.end()
  return algorithm
}

/** Source: RFC 5754 section 2. */
const DIGESTS: ReadonlyMap<string, SignatureHash> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA-256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA-384'],
])

/** AlgorithmIdentifier of a digest, with or without NULL. @throws {VerifierError} `UNSUPPORTED_ALGORITHM`. */
export function readDigestAlgorithm(reader: DerReader, what: string): SignatureHash {
  const identifier = reader.enter(TAG.sequence, what)
  const oid = readOid(identifier, 'algorithm')
  const hash = DIGESTS.get(oid)
  if (hash === undefined) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: identifier.field, actual: oid })
  if (identifier.nextTag === TAG.null) readNull(identifier, 'parameters')
  identifier.end()
  return hash
}

/** @throws {VerifierError} `UNSUPPORTED_VALUE` unless what is signed names the algorithm that stands beside the signature. */
export function requireSameAlgorithm(field: string, outer: SignatureAlgorithm, inner: SignatureAlgorithm): void {
  const name = ({ scheme, hash }: SignatureAlgorithm): string => `${scheme} with ${hash}`
  if (name(outer) === name(inner)) return
  const facts = { field: `${field} signature`, expected: name(outer), actual: name(inner) }
  throw new VerifierError('UNSUPPORTED_VALUE', facts)
}

/** SubjectPublicKeyInfo of an uncompressed point on a named curve, or of RSA. Source: RFC 5480 section 2; RFC 3279. */
export function readPublicKey(reader: DerReader, what: string, family: CertificateFamily = 'tee'): PublicKey {
  const element = reader.element(TAG.sequence, what)
  const info = reader.inside(element, what)
  const algorithm = info.enter(TAG.sequence, 'algorithm')
  const oid = readOid(algorithm, 'algorithm')
  if (oid === RSA_ENCRYPTION) {
    readNull(algorithm, 'parameters')
    algorithm.end()
    checkRsa(info, RSA_BYTES[family])
    return { kind: 'RSA', spki: element.raw }
  }
  if (oid !== EC_PUBLIC_KEY) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: info.field, actual: oid })
  return readEcKey(info, algorithm)
}

function readEcKey(info: DerReader, algorithm: DerReader): EcPublicKey {
  const oid = readOid(algorithm, 'curve')
  const curve = CURVES.get(oid)
  if (curve === undefined) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: info.field, actual: oid })
  algorithm.end()
  const point = readBitString(info, 'point')
  info.end()
  if (point.byteLength !== 1 + 2 * COORDINATE_BYTES[curve] || point[0] !== 4) {
    throw new VerifierError('PUBLIC_KEY_INVALID', { field: info.field })
  }
  return { kind: 'EC', curve, point }
}

/** Source: RFC 3279 section 2.3.1. Only sizes of the family, and the one exponent that all use. */
function checkRsa(info: DerReader, sizes: readonly number[]): void {
  const outer = new DerReader(info.field, readBitString(info, 'RSAPublicKey'))
  info.end()
  const key = outer.enter(TAG.sequence, 'RSAPublicKey')
  outer.end()
  const modulus = readUnsignedInteger(key, 'modulus')
  const exponent = readSmallInteger(key, 'publicExponent')
  key.end()
  const isStrong = sizes.includes(modulus.byteLength) && (modulus[0] ?? 0) >= 0x80
  if (isStrong && exponent === RSA_EXPONENT) return
  const expected = `${sizes.map((size) => 8 * size).join(', ')} bits and the exponent ${RSA_EXPONENT}`
  const actual = `${modulus.byteLength} bytes and the exponent ${exponent}`
  throw new VerifierError('UNSUPPORTED_VALUE', { field: info.field, expected, actual })
}

/** What was signed, how, and the signature as X.509 carries it: of ECDSA, DER of r and s. */
export interface SignedStructure {
  readonly field: string
  readonly signed: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
}

/** True when the structure is signed by the key. A signature that is no pair of numbers, or of another kind, is by nobody. */
export async function isSignedBy(structure: SignedStructure, key: PublicKey): Promise<boolean> {
  const { field, signed, signatureAlgorithm } = structure
  if (key.kind === 'RSA') {
    const { scheme, hash } = signatureAlgorithm
    if (scheme === 'RSASSA-PKCS1-v1_5') return verifyPkcs1(field, key, hash, structure.signature, signed)
    return scheme === 'RSASSA-PSS' && verifyPss(field, key, structure.signature, signed)
  }
  if (signatureAlgorithm.scheme !== 'ECDSA') return false
  const signature = rawSignature(field, structure.signature, COORDINATE_BYTES[key.curve])
  return signature !== undefined && verifyEcdsa(field, key, signatureAlgorithm.hash, signature, signed)
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
