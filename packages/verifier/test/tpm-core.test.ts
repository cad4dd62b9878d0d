import { concatBytes, toHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import catalogue from '../../../vectors/attestation/tpm/cases.json' with { type: 'json' }
import { verifyPcrDigest } from '../src/formats/tpm/pcr-values.ts'
import { parseSizedTpmPublic, parseTpmPublic, requireAttestationKey, tpmName } from '../src/formats/tpm/public-area.ts'
import { parseTpmQuote } from '../src/formats/tpm/quote.ts'
import { parseTpmSignature, requireSameScheme, verifyTpmSignature } from '../src/formats/tpm/signature.ts'
import {
  gceQuotes,
  type TpmCapture,
  tpmFile,
  trusteeQuote,
  uefiDisk,
  uefiFwCfg,
  windowsQuote,
} from './support/tpm-captures.ts'

const captures: readonly (readonly [string, TpmCapture | undefined])[] = [
  ['of a machine that started from a disk', uefiDisk],
  ['of a machine that was handed its image', uefiFwCfg],
  ['of a machine at Google, bank SHA-256', gceQuotes[1]],
  ['of a machine at Google, bank SHA-384', gceQuotes[2]],
]

describe('a captured quote', () => {
  for (const [name, capture = uefiDisk] of captures) {
    const { quoted, akPublic, bank, values } = capture
    const signature = parseTpmSignature(capture.signature)
    const { key } = parseTpmPublic(akPublic)
    test(`${name} is signed by its attestation key`, async () => {
      requireSameScheme(requireAttestationKey(parseTpmPublic(akPublic)), signature)
      await verifyTpmSignature('AK', key, signature, quoted)
    })
    test(`${name} is over the values that came with it`, async () => {
      const quote = parseTpmQuote(quoted)
      const selected = new Map([...values].filter(([pcr]) => quote.selections[0]?.pcrs.includes(pcr)))
      await verifyPcrDigest(quote, signature.hash, new Map([[bank, selected]]))
      expect(selected.size).toBeGreaterThan(14)
    })
    test(`${name} is refused wherever it is cut, and with a byte after it`, () => {
      for (const [parse, bytes] of [
        [parseTpmQuote, quoted],
        [parseTpmPublic, akPublic],
        [parseTpmSignature, capture.signature],
      ] as const) {
        for (let length = 0; length < bytes.byteLength; length++) {
          expect(() => parse(bytes.slice(0, length)), `${length} bytes`).toThrowError(
            expect.objectContaining({ code: 'TRUNCATED' }),
          )
        }
        expect(() => parse(concatBytes(bytes, new Uint8Array(1)))).toThrowError(
          expect.objectContaining({ code: 'TRAILING_BYTES', details: expect.objectContaining({ count: 1 }) }),
        )
      }
    })
    test(`${name} is refused with any one bit of it flipped`, async () => {
      for (let byte = 0; byte < quoted.byteLength; byte++) {
        const changed = quoted.map((value, i) => (i === byte ? value ^ (1 << (byte % 8)) : value))
        await expect(verifyTpmSignature('AK', key, signature, changed), `byte ${byte}`).rejects.toThrowError(
          expect.objectContaining({ code: 'TPM_SIGNATURE_INVALID', details: { signer: 'AK' } }),
        )
      }
    })
  }
})

describe('the quote of a machine at Google', () => {
  test('carries the nonce that it was asked with', () => {
    for (const { quoted } of gceQuotes.slice(1)) expect(toHex(parseTpmQuote(quoted).extraData)).toBe('9009')
  })
  test('over registers of SHA-1 is refused by name', () => {
    expect(() => parseTpmQuote(gceQuotes[0]?.quoted ?? new Uint8Array())).toThrowError(
      expect.objectContaining({
        code: 'UNSUPPORTED_ALGORITHM',
        details: { field: 'TPMS_ATTEST pcrSelect[0] hash', actual: '0x0004' },
      }),
    )
  })
  test('by a key that signs with SHA-1 is refused by name, key and signature', () => {
    expect(() => parseTpmPublic(windowsQuote.akPublic)).toThrowError(
      expect.objectContaining({
        code: 'UNSUPPORTED_ALGORITHM',
        details: { field: 'TPMT_PUBLIC scheme hash', actual: '0x0004' },
      }),
    )
    expect(() => parseTpmSignature(windowsQuote.signature)).toThrowError(
      expect.objectContaining({
        code: 'UNSUPPORTED_ALGORITHM',
        details: { field: 'TPMT_SIGNATURE sigAlg hash', actual: '0x0004' },
      }),
    )
  })
})

describe('a quote whose key came without its attributes', () => {
  test('is signed by that key and over its values, and no more is known', async () => {
    const quote = parseTpmQuote(trusteeQuote.quoted)
    const signature = parseTpmSignature(trusteeQuote.signature)
    await verifyTpmSignature('AK', { kind: 'RSA', spki: trusteeQuote.spki }, signature, trusteeQuote.quoted)
    await verifyPcrDigest(quote, signature.hash, new Map([['SHA-256', trusteeQuote.values]]))
    const [expected] = catalogue.parsed
    expect(quote.extraData.byteLength).toBe(expected?.extraDataBytes)
    expect(quote.selections).toEqual([{ bank: expected?.bank, pcrs: expected?.pcrs }])
  })
  test('can be read when the key did not come at all', () => {
    const quote = parseTpmQuote(tpmFile('az-snp-tpm-quote.msg'))
    const [, expected] = catalogue.parsed
    expect(toHex(quote.extraData)).toBe(expected?.extraData)
    expect(quote.selections).toEqual([{ bank: expected?.bank, pcrs: expected?.pcrs }])
    expect(tpmFile('az-snp-tpm-quote.sig').byteLength).toBe(256)
  })
})

describe('a public area behind its length', () => {
  const { akPublic } = uefiDisk
  const sized = concatBytes(new Uint8Array([akPublic.byteLength >> 8, akPublic.byteLength & 255]), akPublic)
  test('is read like one without', () => expect(parseSizedTpmPublic(sized)).toEqual(parseTpmPublic(akPublic)))
  test('is refused wherever it is cut, and with a byte after it', () => {
    for (let length = 0; length < sized.byteLength; length++) {
      expect(() => parseSizedTpmPublic(sized.slice(0, length)), `${length} bytes`).toThrowError(
        expect.objectContaining({ code: 'TRUNCATED' }),
      )
    }
    expect(() => parseSizedTpmPublic(concatBytes(sized, new Uint8Array(1)))).toThrowError(
      expect.objectContaining({ code: 'TRAILING_BYTES' }),
    )
  })
})

describe('the name of a key', () => {
  test('is its hash and the digest of its public area', async () => {
    expect(toHex(await tpmName(parseTpmPublic(uefiDisk.akPublic)))).toMatch(/^000b[0-9a-f]{64}$/)
    expect(await tpmName(parseTpmPublic(uefiDisk.akPublic))).toEqual(await tpmName(parseTpmPublic(uefiFwCfg.akPublic)))
  })
})
