import { concatBytes, fromHex } from '@blindai/core'

/** Big-endian. */
export const number = (value: number, bytes: number): Uint8Array =>
  fromHex('number', value.toString(16).padStart(2 * bytes, '0'))
export const u16 = (value: number): Uint8Array => number(value, 2)
export const u32 = (value: number): Uint8Array => number(value, 4)
/** TPM2B: bytes behind their length. */
export const sized = (bytes: Uint8Array): Uint8Array => concatBytes(u16(bytes.byteLength), bytes)
export const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0xa5)
/** Numbers of TPM_ALG_ID that are used here. Source: TPM 2.0 Library, Part 2, section 6.3. */
export const [RSA, AES, SHA256, SHA384, NULL, RSASSA, RSAPSS, ECDSA, ECC] = [
  1, 6, 0x0b, 0x0c, 0x10, 0x14, 0x16, 0x18, 0x23,
]

interface PublicFields {
  readonly nameAlg?: number
  readonly authPolicy?: Uint8Array
  readonly symmetric?: Uint8Array
  readonly scheme?: Uint8Array
}

/** TPMT_PUBLIC. Source: Part 2, section 12.2.4. */
export const publicArea = (type: number, rest: Uint8Array, fields: PublicFields = {}): Uint8Array => {
  const { nameAlg = SHA256, authPolicy = bytes(0), symmetric = u16(NULL), scheme = u16(NULL) } = fields
  return concatBytes(u16(type), u16(nameAlg), u32(0x0005_0072), sized(authPolicy), symmetric, scheme, rest)
}
export const rsaPublic = (
  bits: number,
  exponent: number,
  fields?: PublicFields,
  modulus = bytes(bits / 8),
): Uint8Array => publicArea(RSA, concatBytes(u16(bits), u32(exponent), sized(modulus)), fields)
export const eccPublic = (curve: number, x: Uint8Array, y: Uint8Array, fields?: PublicFields): Uint8Array =>
  publicArea(ECC, concatBytes(u16(curve), u16(NULL), sized(x), sized(y)), fields)
export const AES_128_CFB = concatBytes(u16(AES), u16(128), u16(0x0043))
