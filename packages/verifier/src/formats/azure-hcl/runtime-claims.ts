import { fromUtf8, MalformedError, parseJson } from '@blindai/core'
import { type RsaPublicKey, rsaKey } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { ObjectReader } from '../../json/object-reader.ts'

const MOST_KEYS = 16
const MOST_KEY_OPS = 8
const MAX_TEXT = 256
const MOST_MODULUS_BYTES = 512

/** The attestation key of the virtual TPM. */
const ATTESTATION_KEY = 'HCLAkPub'

/** RSA moduli that sign here: 2048, 3072 and 4096 bits. */
const MODULUS_BYTES: readonly number[] = [256, 384, 512]
const EXPONENT = 'AQAB'
const EXPONENT_VALUE = 65_537
const USER_DATA_BYTES = 64

/** What the paravisor says of the machine that it made. */
export interface RuntimeClaims {
  readonly attestationKey: RsaPublicKey
  readonly vmUniqueId?: string
  readonly secureBoot?: boolean
  readonly consoleEnabled?: boolean
  /** 64 bytes that the guest put there, lower-case hex; nothing rests on them. */
  readonly userData?: string
}

/**
 * Parses runtime claims. They grow with Azure, and the hardware vouches for every byte of them, so members that mean nothing
 * here are left unread; none may be there twice, and there is one attestation key.
 *
 * Source: Microsoft, "Azure confidential VMs guest attestation design detail", runtime claims; RFC 7517; RFC 7518 section 6.3.1.
 *
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`, `WRONG_TYPE`, `WRONG_VALUE`,
 * `TOO_LONG`, `NOT_BASE64URL`, `NOT_HEX`, `WRONG_LENGTH`; {VerifierError} `HCL_KEY_MISSING`, `HCL_KEY_REPEATED`,
 * `UNSUPPORTED_VALUE`, `PUBLIC_KEY_INVALID`.
 */
export function parseRuntimeClaims(bytes: Uint8Array): RuntimeClaims {
  const field = 'runtime claims'
  const r = new ObjectReader(field, parseJson(field, fromUtf8(field, bytes)))
  const attestationKey = readAttestationKey(r.objects('keys', MOST_KEYS))
  const vm = r.has('vm-configuration')
    ? r.object('vm-configuration')
    : new ObjectReader(`${field}.vm-configuration`, {})
  return {
    attestationKey,
    ...(vm.has('vmUniqueId') && { vmUniqueId: vm.string('vmUniqueId', MAX_TEXT) }),
    ...(vm.has('secure-boot') && { secureBoot: vm.boolean('secure-boot') }),
    ...(vm.has('console-enabled') && { consoleEnabled: vm.boolean('console-enabled') }),
    ...(r.has('user-data') && { userData: r.hex('user-data', USER_DATA_BYTES) }),
  }
}

function readAttestationKey(keys: readonly ObjectReader[]): RsaPublicKey {
  const found = keys.filter((key) => key.string('kid', MAX_TEXT) === ATTESTATION_KEY)
  const [key] = found
  if (key === undefined) throw new VerifierError('HCL_KEY_MISSING', { key: ATTESTATION_KEY })
  if (found.length > 1) throw new VerifierError('HCL_KEY_REPEATED', { key: ATTESTATION_KEY })
  requireWord(key, 'kty', 'RSA')
  requireWord(key, 'e', EXPONENT)
  // Azure's first paravisors wrote "encrypt" here, and signed with the key all the same.
  requireUse(key)
  return readModulus(key)
}

function readModulus(key: ObjectReader): RsaPublicKey {
  const field = `${key.field}.n`
  const modulus = key.bytes('n', { most: MOST_MODULUS_BYTES })
  if (!MODULUS_BYTES.includes(modulus.byteLength)) {
    const facts = { expected: `${MODULUS_BYTES.join(', ')} bytes`, actual: `${modulus.byteLength} bytes` }
    throw new VerifierError('UNSUPPORTED_VALUE', { field, ...facts })
  }
  if ((modulus[0] ?? 0) < 0x80) throw new VerifierError('PUBLIC_KEY_INVALID', { field })
  return rsaKey(modulus, EXPONENT_VALUE)
}

function requireUse(key: ObjectReader): void {
  const uses = key.strings('key_ops', MOST_KEY_OPS, MAX_TEXT)
  if (uses.length === 1 && (uses[0] === 'sign' || uses[0] === 'encrypt')) return
  throw new MalformedError('WRONG_VALUE', {
    field: `${key.field}.key_ops`,
    expected: '["sign"], or the older ["encrypt"]',
  })
}

function requireWord(key: ObjectReader, member: string, expected: string): void {
  const actual = key.string(member, MAX_TEXT)
  if (actual !== expected)
    throw new VerifierError('UNSUPPORTED_VALUE', { field: `${key.field}.${member}`, expected, actual })
}
