import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type PublicKey, rsaKey } from '../src/crypto/public-key.ts'
import { isSignedBy } from '../src/x509/algorithms.ts'
import { type Certificate, parseCertificate } from '../src/x509/certificate.ts'
import { verifyChain } from '../src/x509/chain.ts'
import { type Crl, parseCrl, verifyCrl } from '../src/x509/crl.ts'
import { file } from './support/captures.ts'

const root = parseCertificate('root', file('intel-sgx-root-ca.der'))
const list = parseCrl('list', file('2023-root-crl.der'))
const now = list.thisUpdate
const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const subject = root.subject.commonName
/** Without the members of that name. */
const without = <T extends Certificate | Crl>(whole: T, member: string): T => ({ ...whole, [member]: undefined })

describe('what a certificate or a list does not say', () => {
  test('of the use of a key lets it be used for nothing', async () => {
    const silent = without(root, 'keyUsage')
    await expect(verifyChain([silent], 'authority', now)).rejects.toEqual(
      error('KEY_USAGE_MISSING', { subject, usage: 'keyCertSign' }),
    )
    await expect(verifyCrl(list, silent, now)).rejects.toEqual(
      error('KEY_USAGE_MISSING', { subject, usage: 'cRLSign' }),
    )
  })
  test('of the use of a key lets it decrypt nothing, by transport or by agreement', async () => {
    const leaf: Certificate = { ...without(root, 'keyUsage'), basicConstraints: { ca: false } }
    const decrypting = (publicKey: PublicKey): Promise<void> =>
      verifyChain([{ ...leaf, publicKey }], 'decrypting-end-entity', now)
    await expect(decrypting(rsaKey(new Uint8Array(256).fill(0xa5), 65_537))).rejects.toEqual(
      error('KEY_USAGE_MISSING', { subject, usage: 'keyEncipherment' }),
    )
    await expect(decrypting(root.publicKey)).rejects.toEqual(
      error('KEY_USAGE_MISSING', { subject, usage: 'keyAgreement' }),
    )
  })
  test('of the key that signed is not held against it', async () => {
    await expect(verifyCrl(list, root, now)).resolves.toBeUndefined()
    await expect(verifyCrl(without(list, 'authorityKeyIdentifier'), root, now)).resolves.toBeUndefined()
    await expect(verifyCrl({ ...list, authorityKeyIdentifier: 'ab' }, root, now)).rejects.toEqual(
      error('CRL_ISSUER_MISMATCH', { crl: 'list', expected: subject, actual: subject }),
    )
  })
})

describe('a signature of ECDSA', () => {
  const signed = (hex: string) => isSignedBy({ ...list, signature: fromHex('signature', hex) }, root.publicKey)
  test.each([
    ['no pair', '0500', 'list signature', 'ECDSA-Sig-Value with the tag 0x30'],
    ['something behind it', '30060201010201010500', 'list signature', 'the end'],
    ['no first number', '30020500', 'list signature ECDSA-Sig-Value', 'r with the tag 0x02'],
    ['no second number', '30050201010500', 'list signature ECDSA-Sig-Value', 's with the tag 0x02'],
    ['a third number', '3009020101020101020101', 'list signature ECDSA-Sig-Value', 'the end'],
  ])(
    'with %s is none',
    async (_, hex, field, expected) =>
      await expect(signed(hex)).rejects.toEqual(
        expect.objectContaining({ code: 'NOT_DER', details: expect.objectContaining({ field, expected }) }),
      ),
  )
  test('with a number longer than a coordinate is by nobody', async () => {
    const long = `0221${'01'.repeat(33)}`
    expect(await signed(`3026${long}020101`)).toBe(false)
    expect(await signed(`3026020101${long}`)).toBe(false)
  })
})
