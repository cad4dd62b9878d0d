import { concatBytes, fromBase64Url, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseTpmEndorsements } from '../src/formats/tpm/endorsements.ts'
import { parseTpmEvidence } from '../src/formats/tpm/evidence.ts'
import { requireAkAttributes } from '../src/formats/tpm/object-attributes.ts'
import { verifyPcrDigest } from '../src/formats/tpm/pcr-values.ts'
import { parseTpmPublic, requireAttestationKey, tpmName } from '../src/formats/tpm/public-area.ts'
import type { TpmQuote } from '../src/formats/tpm/quote.ts'
import { parseTpmSignature, requireSameScheme, verifyTpmSignature } from '../src/formats/tpm/signature.ts'
import { pem } from './support/captures.ts'
import { evidenceOf, tpmCase, uefiDisk } from './support/tpm-captures.ts'
import { bytes, ECC, eccPublic, publicArea, SHA384, sized, u16 } from './support/tpm-structures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('the attributes of an attestation key', () => {
  /** fixedTPM, fixedParent, sensitiveDataOrigin, restricted, sign; and userWithAuth, which any key may have. */
  const RIGHT = 0x0005_0072
  test('are those of a key that signs what its TPM made', () => expect(() => requireAkAttributes(RIGHT)).not.toThrow())
  test.each([
    ['RESERVED_0', 0x0005_0073, '0x00050073'],
    ['RESERVED_31', 0x8005_0072, '0x80050072'],
  ])('have nothing reserved: %s', (attribute, attributes, objectAttributes) =>
    expect(() => requireAkAttributes(attributes)).toThrow(
      error('TPM_AK_ATTRIBUTE_RESERVED', { attribute, objectAttributes }),
    ),
  )
  test.each([
    ['fixedTPM', 1],
    ['fixedParent', 4],
    ['sensitiveDataOrigin', 5],
    ['restricted', 16],
    ['sign', 18],
  ])('have %s', (attribute, bit) => {
    const attributes = RIGHT - 2 ** bit
    const objectAttributes = `0x${attributes.toString(16).padStart(8, '0')}`
    expect(() => requireAkAttributes(attributes)).toThrow(
      error('TPM_AK_ATTRIBUTE_MISSING', { attribute, objectAttributes }),
    )
  })
  test.each([
    ['decrypt', 17, '0x00070072'],
    ['encryptedDuplication', 11, '0x00050872'],
    ['x509sign', 19, '0x000d0072'],
  ])('have no %s', (attribute, bit, objectAttributes) =>
    expect(() => requireAkAttributes(RIGHT + 2 ** bit)).toThrow(
      error('TPM_AK_ATTRIBUTE_FORBIDDEN', { attribute, objectAttributes }),
    ),
  )
  test('are asked of a public area', () => {
    const area = parseTpmPublic(uefiDisk.akPublic)
    expect(requireAttestationKey(area)).toEqual({ scheme: 'ECDSA', hash: 'SHA-256' })
    expect(() => requireAttestationKey({ ...area, attributes: 0 })).toThrow(
      error('TPM_AK_ATTRIBUTE_MISSING', { attribute: 'fixedTPM', objectAttributes: '0x00000000' }),
    )
  })
})

describe('the values of registers', () => {
  const hash = async (...parts: readonly Uint8Array[]): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(concatBytes(...parts))))
  const [one, two, three] = [bytes(32), new Uint8Array(32), bytes(48)]
  const quote = async (): Promise<Pick<TpmQuote, 'selections' | 'pcrDigest'>> => ({
    selections: [
      { bank: 'SHA-384', pcrs: [7] },
      { bank: 'SHA-256', pcrs: [1, 2] },
    ],
    pcrDigest: await hash(three, one, two),
  })
  const empty: Omit<TpmQuote, 'selections' | 'pcrDigest'> = {
    qualifiedSigner: bytes(0),
    extraData: bytes(0),
    clockInfo: { clock: 0n, resetCount: 0, restartCount: 0, safe: true },
    firmwareVersion: 0n,
  }
  const verifying = async (sha256: Map<number, Uint8Array>, sha384?: Map<number, Uint8Array>): Promise<void> => {
    const banks = new Map([['SHA-256', sha256] as const, ...(sha384 ? [['SHA-384', sha384] as const] : [])])
    return verifyPcrDigest({ ...empty, ...(await quote()) }, 'SHA-256', banks)
  }
  const right = (): Map<number, Uint8Array> =>
    new Map([...[1, 2].entries()].map(([i, pcr]) => [pcr, i === 0 ? one : two]))
  test('are those of the quote, bank by bank', async () =>
    await expect(verifying(right(), new Map([[7, three]]))).resolves.toBeUndefined())
  test('are all there', async () => {
    await expect(verifying(right())).rejects.toEqual(error('TPM_PCR_MISSING', { bank: 'SHA-384', pcr: 7 }))
    await expect(verifying(new Map([[1, one]]), new Map([[7, three]]))).rejects.toEqual(
      error('TPM_PCR_MISSING', { bank: 'SHA-256', pcr: 2 }),
    )
  })
  test('are no others', async () => {
    await expect(verifying(right().set(7, one), new Map([[7, three]]))).rejects.toEqual(
      error('TPM_PCR_NOT_QUOTED', { bank: 'SHA-256', pcr: 7 }),
    )
    const nothing: TpmQuote = { ...empty, selections: [], pcrDigest: await hash() }
    await expect(verifyPcrDigest(nothing, 'SHA-256', new Map([['SHA-256', new Map([[0, one]])]]))).rejects.toEqual(
      error('TPM_PCR_NOT_QUOTED', { bank: 'SHA-256', pcr: 0 }),
    )
  })
  test('have the digest of the quote', async () => {
    const [expected, actual] = [toHex((await quote()).pcrDigest), toHex(await hash(three, two, two))]
    await expect(verifying(right().set(1, two), new Map([[7, three]]))).rejects.toEqual(
      error('TPM_PCR_DIGEST_MISMATCH', { expected, actual }),
    )
  })
})

describe('a signature', () => {
  const { key } = parseTpmPublic(uefiDisk.akPublic)
  const signature = parseTpmSignature(uefiDisk.signature)
  test('is of the scheme that its key is for', () => {
    const scheme = { scheme: 'ECDSA', hash: 'SHA-256' } as const
    expect(() => requireSameScheme(scheme, signature)).not.toThrow()
    expect(() => requireSameScheme({ ...scheme, hash: 'SHA-384' }, signature)).toThrow(
      error('TPM_SIGNATURE_SCHEME_MISMATCH', { expected: 'ECDSA with SHA-384', actual: 'ECDSA with SHA-256' }),
    )
    expect(() => requireSameScheme({ ...scheme, scheme: 'RSAPSS' }, signature)).toThrow(
      error('TPM_SIGNATURE_SCHEME_MISMATCH', { expected: 'RSAPSS with SHA-256', actual: 'ECDSA with SHA-256' }),
    )
  })
  test('is over what was quoted, and over nothing else', async () => {
    await expect(verifyTpmSignature('AK', key, signature, uefiDisk.quoted)).resolves.toBeUndefined()
    await expect(verifyTpmSignature('AK', key, signature, uefiDisk.akPublic)).rejects.toEqual(
      error('TPM_SIGNATURE_INVALID', { signer: 'AK' }),
    )
  })
})

describe('a key of a TPM', () => {
  test('is named by the hash that it says', async () => {
    const area = (nameAlg?: number) => parseTpmPublic(eccPublic(3, bytes(32), bytes(32), nameAlg ? { nameAlg } : {}))
    const digest = async (hash: string, of: Uint8Array): Promise<string> =>
      toHex(new Uint8Array(await crypto.subtle.digest(hash, new Uint8Array(of))))
    const [short, long] = [area(), area(SHA384)]
    expect(toHex(await tpmName(short))).toBe(`000b${await digest('SHA-256', short.bytes)}`)
    expect(toHex(await tpmName(long))).toBe(`000c${await digest('SHA-384', long.bytes)}`)
  })
  test('derives no other, and has whole coordinates', () => {
    const derives = publicArea(ECC, concatBytes(u16(3), u16(0x22), sized(bytes(32)), sized(bytes(32))))
    expect(() => parseTpmPublic(derives)).toThrow(
      error('UNSUPPORTED_ALGORITHM', { field: 'TPMT_PUBLIC kdf', actual: '0x0022' }),
    )
    expect(() => parseTpmPublic(eccPublic(3, bytes(31), bytes(32)))).toThrow(
      error('WRONG_LENGTH', { field: 'TPMT_PUBLIC unique.x', expected: 32, actual: 31 }),
    )
  })
})

describe('endorsements and evidence', () => {
  const { endorsements } = tpmCase('a machine at Google')
  const { akCertificate = '', akChain = '' } = endorsements ?? {}
  const parse = (members: object): unknown => parseTpmEndorsements({ type: 'tpm', ...members })
  test('have certificate and chain together', () => {
    const { ak, ek } = parseTpmEndorsements({ type: 'tpm', akCertificate, akChain })
    expect(ak?.[0].der).toEqual(fromBase64Url('AK', akCertificate))
    expect(ak?.length).toBeGreaterThan(1)
    expect(ek).toBeUndefined()
    expect(parseTpmEndorsements({ type: 'tpm', ekCertificate: akCertificate, ekChain: akChain }).ek).toHaveLength(
      ak?.length ?? 0,
    )
    const missing = (member: string): object => error('MISSING_MEMBER', { field: 'endorsements', member })
    expect(() => parse({ akCertificate })).toThrow(missing('akChain'))
    expect(() => parse({ akChain })).toThrow(missing('akCertificate'))
    expect(() => parse({ ekCertificate: akCertificate })).toThrow(missing('ekChain'))
    expect(() => parse({ ekChain: akChain })).toThrow(missing('ekCertificate'))
  })
  test('name what is none, and have nothing beside it', () => {
    const cut = pem(fromBase64Url('AK', akCertificate), fromBase64Url('AK', akCertificate).slice(0, -1))
    const named = (code: string, field: string): object =>
      expect.objectContaining({ code, details: expect.objectContaining({ field }) })
    expect(() => parse({ akCertificate, akChain: cut })).toThrow(named('NOT_DER', 'AK chain[1]'))
    expect(() => parse({ akCertificate, akChain: '' })).toThrow(named('NOT_PEM', 'AK chain'))
    expect(() => parse({ more: 1 })).toThrow(error('UNKNOWN_MEMBER', { field: 'endorsements', member: 'more' }))
    const members: object = JSON.parse(new TextDecoder().decode(evidenceOf(uefiDisk)))
    const evidence = (changed: object) => () => parseTpmEvidence(utf8(JSON.stringify({ ...members, ...changed })))
    expect(evidence({ more: 1 })).toThrow(error('UNKNOWN_MEMBER', { field: 'TPM evidence', member: 'more' }))
    expect(evidence({ pcrs: { sha1: {} } })).toThrow(
      error('UNKNOWN_MEMBER', { field: 'TPM evidence.pcrs', member: 'sha1' }),
    )
    expect(evidence({ pcrs: { sha256: { '24': toHex(bytes(32)) } } })).toThrow(
      error('UNKNOWN_MEMBER', { field: 'TPM evidence.pcrs.sha256', member: '24' }),
    )
  })
})
