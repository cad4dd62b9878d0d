import { concatBytes, type JsonObject, toBase64Url, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseTpmEndorsements } from '../src/formats/tpm/endorsements.ts'
import { BANKS, MAX_TPM_EVIDENCE_BYTES, parseTpmEvidence, pcrClaims } from '../src/formats/tpm/evidence.ts'
import { OBJECT_ATTRIBUTE_BITS, objectAttributeNames } from '../src/formats/tpm/object-attributes.ts'
import { parseTpmPublic, requireAttestationKey } from '../src/formats/tpm/public-area.ts'
import { evidenceOf, uefiDisk } from './support/tpm-captures.ts'
import {
  AES_128_CFB,
  bytes,
  ECDSA,
  eccPublic,
  publicArea,
  rsaPublic,
  SHA256,
  SHA384,
  u16,
} from './support/tpm-structures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('a public area', () => {
  test.each([2048, 3072, 4096])('may be of RSA with %i bits', (bits) => {
    const { key, nameHash, scheme, hasSymmetric } = parseTpmPublic(rsaPublic(bits, 65_537))
    expect({ kind: key.kind, nameHash, scheme, hasSymmetric }).toEqual({
      kind: 'RSA',
      nameHash: 'SHA-256',
      scheme: undefined,
      hasSymmetric: false,
    })
    expect(parseTpmPublic(rsaPublic(bits, 0)).key).toEqual(key)
  })
  test.each([
    ['P-256', 3, 32],
    ['P-384', 4, 48],
  ])('may be on %s', (curve, id, length) => {
    const [x, y] = [bytes(length), new Uint8Array(length).fill(1)]
    const area = parseTpmPublic(eccPublic(id, x, y, { nameAlg: SHA384 }))
    expect(area.key).toEqual({ kind: 'EC', curve, point: concatBytes(Uint8Array.of(4), x, y) })
    expect(area.nameHash).toBe('SHA-384')
  })
  test('may have a policy as long as any digest', () =>
    expect(() => parseTpmPublic(rsaPublic(2048, 0, { authPolicy: bytes(64) }))).not.toThrow())
  test('of a key below which others are stored is no attestation key', () => {
    const area = parseTpmPublic(rsaPublic(2048, 0, { symmetric: AES_128_CFB }))
    expect(area.hasSymmetric).toBe(true)
    expect(() => requireAttestationKey(area)).toThrow(error('TPM_AK_PARAMETER_FORBIDDEN', { parameter: 'symmetric' }))
  })
  test('of a key that leaves its scheme open is no attestation key', () =>
    expect(() => requireAttestationKey(parseTpmPublic(rsaPublic(2048, 0)))).toThrow(error('TPM_AK_SCHEME_MISSING', {})))
  test.each([
    [
      'policy',
      'TOO_LONG',
      rsaPublic(2048, 0, { authPolicy: bytes(65) }),
      { field: 'authPolicy', length: 65, limit: 64 },
    ],
    ['modulus', 'TOO_LONG', rsaPublic(4096, 0, {}, bytes(513)), { field: 'unique', length: 513, limit: 512 }],
    ['modulus', 'WRONG_LENGTH', rsaPublic(2048, 0, {}, bytes(257)), { field: 'unique', expected: 256, actual: 257 }],
    ['x', 'TOO_LONG', eccPublic(3, bytes(33), bytes(32)), { field: 'unique.x', length: 33, limit: 32 }],
    ['y', 'TOO_LONG', eccPublic(3, bytes(32), bytes(33)), { field: 'unique.y', length: 33, limit: 32 }],
    ['y', 'WRONG_LENGTH', eccPublic(3, bytes(32), bytes(31)), { field: 'unique.y', expected: 32, actual: 31 }],
    [
      'size',
      'UNSUPPORTED_VALUE',
      rsaPublic(1024, 0),
      { field: 'keyBits', expected: '2048, 3072, 4096', actual: '1024' },
    ],
    ['exponent', 'UNSUPPORTED_VALUE', rsaPublic(2048, 1), { field: 'exponent', expected: '0 or 65537', actual: '1' }],
    ['type', 'UNSUPPORTED_ALGORITHM', publicArea(8, bytes(9)), { field: 'type', actual: '0x0008' }],
    ['curve', 'UNSUPPORTED_ALGORITHM', eccPublic(5, bytes(32), bytes(32)), { field: 'curveID', actual: '0x0005' }],
    [
      'cipher',
      'UNSUPPORTED_ALGORITHM',
      rsaPublic(2048, 0, { symmetric: u16(0x26) }),
      { field: 'symmetric', actual: '0x0026' },
    ],
    [
      'scheme',
      'UNSUPPORTED_VALUE',
      rsaPublic(2048, 0, { scheme: concatBytes(u16(ECDSA), u16(SHA256)) }),
      { field: 'scheme', expected: 'a scheme of RSA', actual: 'ECDSA' },
    ],
  ] as const)('is refused for its %s: %s', (_, code, area, { field, ...facts }) =>
    expect(() => parseTpmPublic(area)).toThrow(error(code, { field: `TPMT_PUBLIC ${field}`, ...facts })),
  )
  test('has a modulus whose first bit is set', () => {
    const modulus = (first: number): Uint8Array => concatBytes(Uint8Array.of(first), bytes(255))
    expect(() => parseTpmPublic(rsaPublic(2048, 0, {}, modulus(0x80)))).not.toThrow()
    expect(() => parseTpmPublic(rsaPublic(2048, 0, {}, modulus(0x7f)))).toThrow(
      error('PUBLIC_KEY_INVALID', { field: 'TPMT_PUBLIC unique' }),
    )
  })
})

describe('the attributes of a key', () => {
  test('are named bit by bit, and those without a name by their number', () => {
    for (let bit = 0; bit < 32; bit++) {
      expect(objectAttributeNames(2 ** bit)).toEqual([OBJECT_ATTRIBUTE_BITS.get(bit) ?? `RESERVED_${bit}`])
    }
    expect(objectAttributeNames(0)).toEqual([])
    expect(objectAttributeNames(0x8000_0002)).toEqual(['fixedTPM', 'RESERVED_31'])
  })
  test('are those of the specification', () =>
    expect([...OBJECT_ATTRIBUTE_BITS]).toEqual([
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
    ]))
})

describe('evidence of a TPM', () => {
  const text = new TextDecoder().decode(evidenceOf(uefiDisk))
  const members: JsonObject = JSON.parse(text)
  const evidence = (changed: JsonObject): Uint8Array => utf8(JSON.stringify({ ...members, ...changed }))
  test('may be as long as the limit, and no longer', () => {
    expect(parseTpmEvidence(utf8(text.padEnd(MAX_TPM_EVIDENCE_BYTES))).quoted).toEqual(uefiDisk.quoted)
    const length = MAX_TPM_EVIDENCE_BYTES + 1
    expect(() => parseTpmEvidence(utf8(text.padEnd(length)))).toThrow(
      error('TOO_LONG', { field: 'TPM evidence', length, limit: MAX_TPM_EVIDENCE_BYTES }),
    )
  })
  test('is named where it is no text, and no JSON', () => {
    expect(() => parseTpmEvidence(Uint8Array.of(0xff))).toThrow(/TPM evidence/)
    expect(() => parseTpmEvidence(utf8('{'))).toThrow(/TPM evidence/)
  })
  test.each([
    ['quoted', 512],
    ['signature', 1024],
    ['akPublic', 1024],
  ])('has no %s of more than %i bytes', (member, most) => {
    // Text of base64url stands for three bytes with four characters.
    const limit = Math.ceil((most * 4) / 3)
    const long = toBase64Url(bytes(most + 3))
    expect(() => parseTpmEvidence(evidence({ [member]: long }))).toThrow(
      error('TOO_LONG', { field: `TPM evidence.${member}`, length: long.length, limit }),
    )
    expect(() => parseTpmEvidence(evidence({ [member]: toBase64Url(bytes(most)) }))).not.toThrow(
      error('TOO_LONG', { field: `TPM evidence.${member}`, length: limit, limit }),
    )
  })
  test('has values of both banks, of the registers 0 to 23', () => {
    const [short, long] = ['a1'.repeat(32), 'b2'.repeat(48)]
    const pcrs = { sha256: { '0': short, '23': short }, sha384: { '9': long } }
    const { banks } = parseTpmEvidence(evidence({ pcrs }))
    expect([...banks.keys()]).toEqual(Object.values(BANKS))
    expect(pcrClaims(banks)).toEqual(pcrs)
    expect(pcrClaims(new Map([['SHA-384', new Map()]]))).toEqual({ sha384: {} })
  })
  test('names a value that is none by bank and number', () => {
    expect(() => parseTpmEvidence(evidence({ pcrs: { sha384: { '7': 'zz' } } }))).toThrow(/TPM evidence.pcrs.sha384.7/)
    expect(() => parseTpmEvidence(evidence({ pcrs: { sha384: { '7': 'a1'.repeat(32) } } }))).toThrow(
      error('WRONG_LENGTH', { field: 'TPM evidence.pcrs.sha384.7', expected: 48, actual: 32 }),
    )
  })
})

describe('endorsements of a TPM', () => {
  test('may be of neither key', () => expect(parseTpmEndorsements({ type: 'tpm' })).toEqual({}))
  test.each([
    ['AK', 'akCertificate', 'akChain'],
    ['EK', 'ekCertificate', 'ekChain'],
  ])('name the certificate of the %s, and its chain', (name, leaf, chain) => {
    expect(() => parseTpmEndorsements({ type: 'tpm', [leaf]: 'AAAA', [chain]: '' })).toThrow(
      expect.objectContaining({ code: 'NOT_DER', details: expect.objectContaining({ field: `${name} certificate` }) }),
    )
    const long = toBase64Url(bytes(16_386))
    expect(() => parseTpmEndorsements({ type: 'tpm', [leaf]: long, [chain]: '' })).toThrow(
      error('TOO_LONG', { field: `endorsements.${leaf}`, length: long.length, limit: 21_846 }),
    )
  })
})
