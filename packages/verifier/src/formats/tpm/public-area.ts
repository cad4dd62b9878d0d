import { concatBytes, digest, MalformedError } from '@blindai/core'
import { COORDINATE_BYTES, type PublicKey, rsaKey, type SignatureHash } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { readCurve, readHash, readScheme, TPM_ALG, type TpmScheme, unsupported } from './algorithms.ts'
import { requireAkAttributes } from './object-attributes.ts'
import { TpmReader } from './tpm-reader.ts'

/** The longest digest of a TPM, and the longest RSA modulus that counts here. */
const MOST_POLICY_BYTES = 64
const MOST_MODULUS_BYTES = 512

const RSA_BITS: readonly number[] = [2048, 3072, 4096]

/** An exponent of 0 stands for this one. Source: Part 2, section 12.2.3.5. */
const RSA_EXPONENT = 65_537

/** A key's public area, parsed; what the key may do is in its attributes. */
export interface TpmPublic {
  /** TPMT_PUBLIC, to the byte. */
  readonly bytes: Uint8Array
  readonly nameHash: SignatureHash
  /** TPMA_OBJECT. */
  readonly attributes: number
  /** Undefined when every signature names its own. */
  readonly scheme: TpmScheme | undefined
  /** True when the key encrypts what is stored below it. */
  readonly hasSymmetric: boolean
  readonly key: PublicKey
}

/**
 * Parses TPMT_PUBLIC of an RSA or elliptic key that signs.
 *
 * Source: TPM 2.0 Library, Part 2, section 12.2.4; parameters by 12.2.3.5 (RSA) and 12.2.3.6 (ECC); unique by 11.2.4.5 and
 * 11.2.5.2. RSA of 2048, 3072 or 4096 bits, or P-256 or P-384.
 *
 * @param bytes - the structure, and nothing after it.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LONG`, `WRONG_LENGTH`; {VerifierError}
 * `UNSUPPORTED_ALGORITHM`, `UNSUPPORTED_VALUE`, `PUBLIC_KEY_INVALID`.
 */
export function parseTpmPublic(bytes: Uint8Array): TpmPublic {
  const copy = new Uint8Array(bytes)
  const r = new TpmReader('TPMT_PUBLIC', copy)
  const type = r.u16('type')
  if (type !== TPM_ALG.rsa && type !== TPM_ALG.ecc) throw unsupported(r, 'type', type)
  const nameHash = readHash(r, 'nameAlg')
  const attributes = r.u32('objectAttributes')
  r.sized(MOST_POLICY_BYTES, 'authPolicy')
  const hasSymmetric = readSymmetric(r)
  const scheme = readScheme(r, 'scheme', true)
  const key = type === TPM_ALG.rsa ? readRsa(r) : readEcc(r)
  r.end()
  if (scheme !== undefined && (scheme.scheme === 'ECDSA') !== (key.kind === 'EC')) {
    const facts = { expected: `a scheme of ${key.kind}`, actual: scheme.scheme }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: r.path('scheme'), ...facts })
  }
  return { bytes: copy, nameHash, attributes, scheme, hasSymmetric, key }
}

/**
 * Parses TPM2B_PUBLIC: the same behind its length of 16 bits. Source: Part 2, section 12.2.5.
 *
 * @throws as `parseTpmPublic` does.
 */
export function parseSizedTpmPublic(bytes: Uint8Array): TpmPublic {
  const r = new TpmReader('TPM2B_PUBLIC', bytes)
  const area = r.sized(0xffff, 'publicArea')
  r.end()
  return parseTpmPublic(area)
}

/** The name of a key: the number of its hash, and that hash over its public area. Source: Part 1, section 16. */
export async function tpmName({ nameHash, bytes }: TpmPublic): Promise<Uint8Array<ArrayBuffer>> {
  const number = nameHash === 'SHA-256' ? TPM_ALG.sha256 : TPM_ALG.sha384
  return concatBytes(new Uint8Array([number >> 8, number & 0xff]), await digest(nameHash, bytes))
}

/**
 * Checks that a public area is that of an attestation key: bound to its TPM, and signing only what the TPM made.
 *
 * @throws {VerifierError} `TPM_AK_ATTRIBUTE_RESERVED`, `TPM_AK_ATTRIBUTE_MISSING`, `TPM_AK_ATTRIBUTE_FORBIDDEN`,
 * `TPM_AK_PARAMETER_FORBIDDEN`, `TPM_AK_SCHEME_MISSING`.
 */
export function requireAttestationKey({ attributes, hasSymmetric, scheme }: TpmPublic): TpmScheme {
  requireAkAttributes(attributes)
  if (hasSymmetric) throw new VerifierError('TPM_AK_PARAMETER_FORBIDDEN', { parameter: 'symmetric' })
  if (scheme === undefined) throw new VerifierError('TPM_AK_SCHEME_MISSING', {})
  return scheme
}

/** TPMT_SYM_DEF_OBJECT, of which only AES is known. Source: Part 2, section 11.1.7. */
function readSymmetric(r: TpmReader): boolean {
  const number = r.u16('symmetric')
  if (number === TPM_ALG.null) return false
  if (number !== TPM_ALG.aes) throw unsupported(r, 'symmetric', number)
  r.u16('symmetric keyBits')
  r.u16('symmetric mode')
  return true
}

function readRsa(r: TpmReader): PublicKey {
  const bits = r.u16('keyBits')
  if (!RSA_BITS.includes(bits)) {
    const facts = { expected: RSA_BITS.join(', '), actual: String(bits) }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: r.path('keyBits'), ...facts })
  }
  const exponent = r.u32('exponent')
  if (exponent !== 0 && exponent !== RSA_EXPONENT) {
    const facts = { expected: `0 or ${RSA_EXPONENT}`, actual: String(exponent) }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: r.path('exponent'), ...facts })
  }
  const modulus = r.sized(MOST_MODULUS_BYTES, 'unique')
  requireBytes(r, 'unique', bits / 8, modulus)
  if ((modulus[0] ?? 0) < 0x80) throw new VerifierError('PUBLIC_KEY_INVALID', { field: r.path('unique') })
  return rsaKey(modulus, RSA_EXPONENT)
}

function readEcc(r: TpmReader): PublicKey {
  const curve = readCurve(r, 'curveID')
  const kdf = r.u16('kdf')
  if (kdf !== TPM_ALG.null) throw unsupported(r, 'kdf', kdf)
  const length = COORDINATE_BYTES[curve]
  const [x, y] = [r.sized(length, 'unique.x'), r.sized(length, 'unique.y')]
  requireBytes(r, 'unique.x', length, x)
  requireBytes(r, 'unique.y', length, y)
  return { kind: 'EC', curve, point: concatBytes(new Uint8Array([4]), x, y) }
}

function requireBytes(r: TpmReader, field: string, expected: number, bytes: Uint8Array): void {
  if (bytes.byteLength === expected) return
  throw new MalformedError('WRONG_LENGTH', { field: r.path(field), expected, actual: bytes.byteLength })
}
