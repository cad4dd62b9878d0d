import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseSizedTpmPublic, parseTpmPublic } from '../src/formats/tpm/public-area.ts'
import { parseTpmQuote } from '../src/formats/tpm/quote.ts'
import { parseTpmSignature, verifyTpmSignature } from '../src/formats/tpm/signature.ts'
import { fieldsCut } from './support/cuts.ts'
import { gceQuotes, uefiDisk } from './support/tpm-captures.ts'
import {
  AES_128_CFB,
  bytes,
  ECDSA,
  eccPublic,
  NULL,
  number,
  RSAPSS,
  RSASSA,
  rsaPublic,
  SHA256,
  SHA384,
  sized,
  u16,
  u32,
} from './support/tpm-structures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const under = (structure: string, fields: readonly string[]): readonly string[] =>
  fields.map((field) => `${structure} ${field}`)

const PUBLIC = [
  'type',
  'nameAlg',
  'objectAttributes',
  'authPolicy size',
  'authPolicy',
  'symmetric',
  'symmetric keyBits',
  'symmetric mode',
  'scheme',
  'scheme hash',
]
const FIELDS = [
  {
    what: 'a quote',
    structure: 'TPMS_ATTEST',
    whole: uefiDisk.quoted,
    parse: parseTpmQuote,
    fields: [
      'magic',
      'type',
      'qualifiedSigner size',
      'qualifiedSigner',
      'extraData size',
      'extraData',
      'clockInfo.clock',
      'clockInfo.resetCount',
      'clockInfo.restartCount',
      'clockInfo.safe',
      'firmwareVersion',
      'pcrSelect count',
      'pcrSelect[0] hash',
      'pcrSelect[0] sizeofSelect',
      'pcrSelect[0] pcrSelect',
      'pcrDigest size',
      'pcrDigest',
    ],
  },
  {
    what: 'a signature of RSA',
    structure: 'TPMT_SIGNATURE',
    whole: gceQuotes[1]?.signature ?? bytes(0),
    parse: parseTpmSignature,
    fields: ['sigAlg', 'sigAlg hash', 'sig size', 'sig'],
  },
  {
    what: 'a signature of an elliptic key',
    structure: 'TPMT_SIGNATURE',
    whole: uefiDisk.signature,
    parse: parseTpmSignature,
    fields: ['sigAlg', 'sigAlg hash', 'signatureR size', 'signatureR', 'signatureS size', 'signatureS'],
  },
  {
    what: 'a public area of RSA',
    structure: 'TPMT_PUBLIC',
    whole: rsaPublic(2048, 0, {
      authPolicy: bytes(1),
      symmetric: AES_128_CFB,
      scheme: concatBytes(u16(RSASSA), u16(SHA256)),
    }),
    parse: parseTpmPublic,
    fields: [...PUBLIC, 'keyBits', 'exponent', 'unique size', 'unique'],
  },
  {
    what: 'a public area of an elliptic key',
    structure: 'TPMT_PUBLIC',
    whole: eccPublic(3, bytes(32), bytes(32), {
      authPolicy: bytes(1),
      symmetric: AES_128_CFB,
      scheme: concatBytes(u16(ECDSA), u16(SHA256)),
    }),
    parse: parseTpmPublic,
    fields: [...PUBLIC, 'curveID', 'kdf', 'unique.x size', 'unique.x', 'unique.y size', 'unique.y'],
  },
  {
    what: 'a public area behind its length',
    structure: 'TPM2B_PUBLIC',
    whole: sized(uefiDisk.akPublic),
    parse: parseSizedTpmPublic,
    fields: ['publicArea size', 'publicArea'],
  },
]

describe('a structure of a TPM', () => {
  for (const { what, structure, whole, parse, fields } of FIELDS) {
    test(`that is ${what} names the field in which it ends too early`, () => {
      expect(fieldsCut(whole, parse)).toEqual(under(structure, fields))
      expect(() => parse(whole)).not.toThrow()
    })
    test(`that is ${what} ends where it says`, () =>
      expect(() => parse(concatBytes(whole, bytes(2)))).toThrow(
        error('TRAILING_BYTES', { field: structure, count: 2 }),
      ))
  }
})

/** TPMS_ATTEST. Source: Part 2, section 10.12.12. */
const attest = (signer: Uint8Array, extra: Uint8Array, safe: number, selections: Uint8Array, digest: Uint8Array) => {
  const head = concatBytes(u32(0xff54_4347), u16(0x8018), sized(signer), sized(extra))
  const clock = concatBytes(number(0x0102, 8), u32(3), u32(4), Uint8Array.of(safe))
  return concatBytes(head, clock, number(0x0506, 8), selections, sized(digest))
}
const selection = (hash: number, octets: Uint8Array): Uint8Array =>
  concatBytes(u16(hash), Uint8Array.of(octets.byteLength), octets)
const NO_SELECTION = u32(0)

describe('a quote', () => {
  test('is read member by member', () => {
    const selections = concatBytes(
      u32(2),
      selection(SHA384, Uint8Array.of(0x81, 0, 0x80)),
      selection(SHA256, Uint8Array.of(0, 1, 0)),
    )
    expect(parseTpmQuote(attest(bytes(66), bytes(66), 0, selections, bytes(64)))).toEqual({
      qualifiedSigner: bytes(66),
      extraData: bytes(66),
      clockInfo: { clock: 0x0102n, resetCount: 3, restartCount: 4, safe: false },
      firmwareVersion: 0x0506n,
      selections: [
        { bank: 'SHA-384', pcrs: [0, 7, 23] },
        { bank: 'SHA-256', pcrs: [8] },
      ],
      pcrDigest: bytes(64),
    })
  })
  test('may come from a clock that is safe', () =>
    expect(parseTpmQuote(attest(bytes(1), bytes(1), 1, NO_SELECTION, bytes(1))).clockInfo.safe).toBe(true))
  test('has a clock that is safe or not', () =>
    expect(() => parseTpmQuote(attest(bytes(1), bytes(1), 2, NO_SELECTION, bytes(1)))).toThrow(
      error('WRONG_VALUE', { field: 'TPMS_ATTEST clockInfo.safe', expected: '0 or 1' }),
    ))
  test('selects from no more than 16 banks, each once, with the octets of 24 registers', () => {
    const quote = (selections: Uint8Array): Uint8Array => attest(bytes(1), bytes(1), 1, selections, bytes(1))
    const repeated = (count: number): Uint8Array =>
      concatBytes(u32(count), ...Array.from({ length: count }, () => selection(SHA256, bytes(3))))
    expect(() => parseTpmQuote(quote(repeated(17)))).toThrow(
      error('TOO_LONG', { field: 'TPMS_ATTEST pcrSelect count', length: 17, limit: 16 }),
    )
    expect(() => parseTpmQuote(quote(repeated(16)))).toThrow(
      error('WRONG_VALUE', { field: 'TPMS_ATTEST pcrSelect', expected: 'a list that names each bank once' }),
    )
    expect(() => parseTpmQuote(quote(concatBytes(u32(1), selection(SHA256, bytes(2)))))).toThrow(
      error('WRONG_VALUE', { field: 'TPMS_ATTEST pcrSelect[0] sizeofSelect', expected: '3' }),
    )
  })
  test.each([
    ['qualifiedSigner', 67, 66, attest(bytes(67), bytes(1), 1, NO_SELECTION, bytes(1))],
    ['extraData', 67, 66, attest(bytes(1), bytes(67), 1, NO_SELECTION, bytes(1))],
    ['pcrDigest', 65, 64, attest(bytes(1), bytes(1), 1, NO_SELECTION, bytes(65))],
  ])('has no %s of %i bytes', (field, length, limit, quote) =>
    expect(() => parseTpmQuote(quote)).toThrow(error('TOO_LONG', { field: `TPMS_ATTEST ${field}`, length, limit })),
  )
  test('that no TPM made, or that is none, says what it is in full', () => {
    const quote = attest(bytes(1), bytes(1), 1, NO_SELECTION, bytes(1))
    const changed = (at: number, value: number): Uint8Array => quote.map((byte, i) => (i === at ? value : byte))
    expect(() => parseTpmQuote(changed(0, 0))).toThrow(error('TPM_NOT_GENERATED', { actual: '0x00544347' }))
    expect(() => parseTpmQuote(changed(4, 0))).toThrow(error('TPM_NOT_A_QUOTE', { actual: '0x0018' }))
  })
})

describe('a signature of a TPM', () => {
  const rsa = (scheme: number, hash: number, signature: Uint8Array): Uint8Array =>
    concatBytes(u16(scheme), u16(hash), sized(signature))
  const ecdsa = (r: Uint8Array, s: Uint8Array): Uint8Array => concatBytes(u16(ECDSA), u16(SHA384), sized(r), sized(s))
  test.each([
    ['RSASSA', 'SHA-256', RSASSA, SHA256],
    ['RSAPSS', 'SHA-384', RSAPSS, SHA384],
  ])('may be of %s with %s, and of 4096 bits', (scheme, hash, schemeId, hashId) =>
    expect(parseTpmSignature(rsa(schemeId, hashId, bytes(512)))).toEqual({ scheme, hash, signature: bytes(512) }),
  )
  test('may be two numbers of P-384', () =>
    expect(parseTpmSignature(ecdsa(bytes(48), bytes(47)))).toEqual({
      scheme: 'ECDSA',
      hash: 'SHA-384',
      r: bytes(48),
      s: bytes(47),
    }))
  test.each([
    ['sig', 513, 512, rsa(RSASSA, SHA256, bytes(513))],
    ['signatureR', 49, 48, ecdsa(bytes(49), bytes(48))],
    ['signatureS', 49, 48, ecdsa(bytes(48), bytes(49))],
  ])('has no %s of %i bytes', (field, length, limit, signature) =>
    expect(() => parseTpmSignature(signature)).toThrow(
      error('TOO_LONG', { field: `TPMT_SIGNATURE ${field}`, length, limit }),
    ),
  )
  test.each([
    ['signatureR', ecdsa(bytes(0), bytes(48))],
    ['signatureS', ecdsa(bytes(48), bytes(0))],
  ])('has no %s without a byte', (field, signature) =>
    expect(() => parseTpmSignature(signature)).toThrow(
      error('WRONG_VALUE', { field: `TPMT_SIGNATURE ${field}`, expected: 'not empty' }),
    ),
  )
  test.each([
    ['sigAlg', rsa(NULL, SHA256, bytes(256)), '0x0010'],
    ['sigAlg', rsa(0x1234, SHA256, bytes(256)), '0x1234'],
    ['sigAlg hash', rsa(RSASSA, 0x0d, bytes(256)), '0x000d'],
  ])('has no unknown number as %s', (field, signature, actual) =>
    expect(() => parseTpmSignature(signature)).toThrow(
      error('UNSUPPORTED_ALGORITHM', { field: `TPMT_SIGNATURE ${field}`, actual }),
    ),
  )
  test('by a key of another kind, or longer than its curve, is not one', async () => {
    const elliptic = parseTpmPublic(uefiDisk.akPublic).key
    const other = parseTpmPublic(rsaPublic(2048, 0)).key
    const signature = parseTpmSignature(uefiDisk.signature)
    const refused = error('TPM_SIGNATURE_INVALID', { signer: 'AK' })
    await expect(verifyTpmSignature('AK', other, signature, uefiDisk.quoted)).rejects.toEqual(refused)
    for (const scheme of [RSASSA, RSAPSS]) {
      const number = parseTpmSignature(rsa(scheme, SHA256, bytes(256)))
      await expect(verifyTpmSignature('AK', elliptic, number, uefiDisk.quoted)).rejects.toEqual(refused)
    }
    for (const [r, s] of [
      [33, 32],
      [32, 33],
    ] as const) {
      const long = parseTpmSignature(ecdsa(bytes(r), bytes(s)))
      await expect(verifyTpmSignature('AK', elliptic, long, uefiDisk.quoted)).rejects.toEqual(refused)
    }
  })
})
