import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { p256Key } from '../src/crypto/public-key.ts'
import {
  parsePckChain,
  parseQuoteSignature,
  parseSgxQuoteSignature,
  verifyQuoteSignature,
} from '../src/dcap/quote-signature.ts'
import { file, pckChain } from './support/captures.ts'

/** What stands at `at` under its length. */
function sized(quote: Uint8Array, at: number): Uint8Array {
  const length = new DataView(quote.buffer, quote.byteOffset).getUint32(at, true)
  return quote.slice(at + 4, at + 4 + length)
}

const TDX = sized(file('tdx-v4-b0c0.quote.bin'), 632)
const SGX = sized(file('sgx-v3-a067.quote.bin', 'sgx'), 432)

/** Lengths to which signature data is cut, and the part that is then named. */
const CUTS = [
  { parse: parseQuoteSignature, bytes: TDX, at: 63, field: 'quote signature ECDSA_SIGNATURE' },
  { parse: parseQuoteSignature, bytes: TDX, at: 127, field: 'quote signature ECDSA_ATTESTATION_KEY' },
  { parse: parseQuoteSignature, bytes: TDX, at: 129, field: 'quote signature CERTIFICATION_DATA_TYPE' },
  { parse: parseQuoteSignature, bytes: TDX, at: 133, field: 'quote signature CERTIFICATION_DATA_SIZE' },
  { parse: parseQuoteSignature, bytes: TDX, at: 135, field: 'quote signature CERTIFICATION_DATA' },
  { parse: parseSgxQuoteSignature, bytes: SGX, at: 63, field: 'quote signature ISV_ENCLAVE_REPORT_SIGNATURE' },
  { parse: parseSgxQuoteSignature, bytes: SGX, at: 127, field: 'quote signature ECDSA_ATTESTATION_KEY' },
  ...[
    { at: 511, name: 'QE_REPORT' },
    { at: 575, name: 'QE_REPORT_SIGNATURE' },
    { at: 577, name: 'QE_AUTHENTICATION_DATA_SIZE' },
    { at: 579, name: 'QE_AUTHENTICATION_DATA' },
    { at: 611, name: 'CERTIFICATION_DATA_TYPE' },
    { at: 615, name: 'CERTIFICATION_DATA_SIZE' },
    { at: 617, name: 'CERTIFICATION_DATA' },
  ].map(({ at, name }) => ({
    parse: parseSgxQuoteSignature,
    bytes: SGX,
    at,
    field: `QE report certification data ${name}`,
  })),
]

describe('the signature data of a quote', () => {
  for (const { parse, bytes, at, field } of CUTS) {
    test(`is refused when it is cut at ${at}, in ${field}`, () =>
      expect(() => parse(bytes.slice(0, at))).toThrow(
        expect.objectContaining({ code: 'TRUNCATED', details: expect.objectContaining({ field }) }),
      ))
  }
  test.each([
    ['quote signature', parseQuoteSignature, TDX],
    ['QE report certification data', parseSgxQuoteSignature, SGX],
  ] as const)('has nothing behind it (%s)', (field, parse, bytes) =>
    expect(() => parse(concatBytes(bytes, Uint8Array.of(0)))).toThrow(
      expect.objectContaining({ code: 'TRAILING_BYTES', details: { field, count: 1 } }),
    ),
  )
})

const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('the certificates of a quote', () => {
  const signature = parseQuoteSignature(TDX)
  const pem = pckChain(TDX).join('')
  const read = (text: Uint8Array) => parsePckChain({ ...signature, pckChain: text })
  test.each([
    ['a line end', pem],
    ['nothing', pem.trimEnd()],
    ['the NUL of a C string', `${pem}\0`],
  ])('may end in %s', (_, text) => expect(read(utf8(text))).toHaveLength(3))
  test.each([
    ['another character', `${pem}x`],
    ['two NULs', `${pem}\0\0`],
  ])('do not end in %s', (_, text) =>
    expect(() => read(utf8(text))).toThrow(
      error('NOT_PEM', { field: 'PCK chain', expected: '-----BEGIN CERTIFICATE-----' }),
    ),
  )
  test('are named where they are no text', () =>
    expect(() => read(Uint8Array.of(0xff))).toThrow(error('NOT_UTF8', { field: 'PCK chain', length: 1 })))
})

describe('an attestation key', () => {
  test('that is no point of its curve is named', async () =>
    await expect(
      verifyQuoteSignature('tdx', parseQuoteSignature(TDX), p256Key(new Uint8Array(64).fill(1)), TDX),
    ).rejects.toEqual(error('PUBLIC_KEY_INVALID', { field: 'attestation key' })))
})
