import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { MAX_QUOTE_BYTES } from '../src/dcap/quote-constants.ts'
import { parseSgxQuote } from '../src/formats/sgx/quote.ts'
import { parseTdxQuote } from '../src/formats/tdx/quote.ts'
import { file } from './support/captures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const padded = (quote: Uint8Array, length: number): Uint8Array =>
  concatBytes(quote, new Uint8Array(length - quote.byteLength))

const TDX = file('tdx-v4-b0c0.quote.bin')
const SGX = file('sgx-v3-a067.quote.bin', 'sgx')
const V5 = file('tdx-v5-90c0-alibaba.quote.bin')

const QUOTES = [
  { kind: 'TDX', quote: TDX, parse: parseTdxQuote },
  { kind: 'SGX', quote: SGX, parse: parseSgxQuote },
]

for (const { kind, quote, parse } of QUOTES) {
  describe(`a quote of ${kind}`, () => {
    test('may be as long as the limit, and no longer', () => {
      const { paddingBytes } = parse(quote)
      const most = parse(padded(quote, MAX_QUOTE_BYTES))
      expect(most.paddingBytes).toBe(MAX_QUOTE_BYTES - quote.byteLength + paddingBytes)
      const length = MAX_QUOTE_BYTES + 1
      expect(() => parse(padded(quote, length))).toThrow(
        error('TOO_LONG', { field: 'quote', length, limit: MAX_QUOTE_BYTES }),
      )
    })
    test('is not followed by anything but zeros', () => {
      const count = 3 + parse(quote).paddingBytes
      expect(() => parse(concatBytes(quote, Uint8Array.of(0, 0, 1)))).toThrow(
        error('TRAILING_BYTES', { field: 'quote', count }),
      )
    })
  })
}

/** Where a quote is cut, and the part that is then named. */
const CUTS = [
  { kind: 'TDX', quote: TDX, parse: parseTdxQuote, at: 47, field: 'HEADER', needed: 48, available: 47 },
  { kind: 'TDX', quote: TDX, parse: parseTdxQuote, at: 631, field: 'BODY', needed: 584, available: 583 },
  { kind: 'TDX', quote: TDX, parse: parseTdxQuote, at: 635, field: 'SIGNATURE_DATA_SIZE', needed: 4, available: 3 },
  { kind: 'TDX 1.5', quote: V5, parse: parseTdxQuote, at: 53, field: 'BODY_SIZE', needed: 4, available: 3 },
  { kind: 'TDX 1.5', quote: V5, parse: parseTdxQuote, at: 55, field: 'BODY', needed: 648, available: 1 },
  { kind: 'SGX', quote: SGX, parse: parseSgxQuote, at: 47, field: 'HEADER', needed: 48, available: 47 },
  { kind: 'SGX', quote: SGX, parse: parseSgxQuote, at: 431, field: 'REPORT', needed: 384, available: 383 },
  { kind: 'SGX', quote: SGX, parse: parseSgxQuote, at: 435, field: 'SIGNATURE_DATA_SIZE', needed: 4, available: 3 },
]

describe('a quote that is cut', () => {
  for (const { kind, quote, parse, at, field, needed, available } of CUTS) {
    test(`${kind}: in ${field}`, () =>
      expect(() => parse(quote.slice(0, at))).toThrow(
        error('TRUNCATED', { field: `quote ${field}`, needed, available }),
      ))
  }
})

describe('a quote of version 5', () => {
  /** Version 5 with the body that the version 4 quote has: `type` and length stand before it. */
  const asVersion5 = (type: number): Uint8Array => {
    const header = TDX.slice(0, 48)
    header[0] = 5
    return concatBytes(header, Uint8Array.of(type, 0, 584 & 0xff, 584 >> 8, 0, 0), TDX.slice(48))
  }
  test('may have the body of TDX 1.0', () => {
    const quote = parseTdxQuote(asVersion5(2))
    expect(quote.report).toEqual(parseTdxQuote(TDX).report)
    expect(quote.version).toBe(5)
  })
  test('says which bodies there are', () =>
    expect(() => parseTdxQuote(asVersion5(4))).toThrow(
      error('UNSUPPORTED_VALUE', { field: 'quote BODY_TYPE', expected: '2 or 3', actual: '4' }),
    ))
})
