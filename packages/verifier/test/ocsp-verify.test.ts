import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseNvidiaEndorsements } from '../src/formats/nvidia/endorsements.ts'
import { verifyRevocation } from '../src/formats/nvidia/revocation.ts'
import type { Certificate } from '../src/x509/certificate.ts'
import { isAbout, namesOcspResponder, type OcspResponse, verifyOcspResponse } from '../src/x509/ocsp.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const { endorsements } = nvidiaCapture('a GPU of its reference versions')
const { deviceChain, driverRim, vbiosRim, ocsp } = parseNvidiaEndorsements(endorsements)
const chains = [deviceChain, driverRim.chain, vbiosRim.chain]
const error = (code: string, details: object): object => expect.objectContaining({ code, details })

interface About {
  readonly response: OcspResponse
  readonly certificate: Certificate
  readonly issuer: Certificate
}
/** The first response, and what it is about. */
async function first(): Promise<About> {
  for (const response of ocsp) {
    for (const chain of chains) {
      for (const [position, certificate] of chain.entries()) {
        const issuer = chain[position + 1]
        if (issuer !== undefined && (await isAbout(response, certificate, issuer)))
          return { response, certificate, issuer }
      }
    }
  }
  throw new Error('no response is about a certificate')
}
const { response, certificate, issuer } = await first()
const now = response.thisUpdate
const subject = certificate.subject.commonName
const { certificate: responder = issuer } = response
const signer = responder.subject.commonName

describe('an OCSP response', () => {
  test('is about the certificate of its serial number, its issuer’s name and key', async () => {
    const other = (changed: Partial<OcspResponse>): Promise<boolean> =>
      isAbout({ ...response, ...changed }, certificate, issuer)
    expect(await other({})).toBe(true)
    expect(await other({ serial: '42' })).toBe(false)
    expect(await other({ issuerNameHash: response.issuerKeyHash })).toBe(false)
    expect(await other({ issuerKeyHash: response.issuerNameHash })).toBe(false)
    expect(await isAbout(response, { ...certificate, serial: '42' }, issuer)).toBe(false)
    expect(await isAbout(response, certificate, certificate)).toBe(false)
  })
  test('is asked for where the certificate names a responder, and nowhere else', () => {
    expect(deviceChain.map(namesOcspResponder)).toEqual([false, false, true, true, false])
    expect(namesOcspResponder(certificate)).toBe(true)
    expect(namesOcspResponder({ ...certificate, extensions: new Map() })).toBe(false)
  })
})

describe('the word of an OCSP response', () => {
  const verifying = (changed: Partial<OcspResponse>, at = now): Promise<void> =>
    verifyOcspResponse({ ...response, ...changed }, certificate, issuer, at)
  test('counts from its beginning to its end', async () => {
    const window = `${response.field} about ${subject}`
    await expect(verifying({})).resolves.toBeUndefined()
    await expect(verifying({}, response.nextUpdate)).resolves.toBeUndefined()
    const [early, late] = [unixSeconds(now - 1), unixSeconds(response.nextUpdate + 1)]
    await expect(verifying({}, early)).rejects.toEqual(
      error('ENDORSEMENT_NOT_YET_VALID', { subject: window, notBefore: now, now: early }),
    )
    await expect(verifying({}, late)).rejects.toEqual(
      error('ENDORSEMENT_EXPIRED', { subject: window, notAfter: response.nextUpdate, now: late }),
    )
  })
  test('is that the certificate is good, and nothing else', async () => {
    await expect(verifying({ status: 'unknown' })).rejects.toEqual(error('CERTIFICATE_STATUS_UNKNOWN', { subject }))
    await expect(verifying({ status: { revokedAt: now } })).rejects.toEqual(
      error('CERTIFICATE_REVOKED', { subject, serial: certificate.serial, revokedAt: now }),
    )
  })
  test('is of the responder that it names, by name or by key', async () => {
    const refused = error('OCSP_RESPONDER_NOT_AUTHORISED', { response: response.field, signer })
    const { raw } = responder.subject
    const key = responder.subjectKeyIdentifier ?? ''
    await expect(verifying({ responder: { by: 'name', value: raw } })).resolves.toBeUndefined()
    await expect(verifying({ responder: { by: 'key', value: key } })).resolves.toBeUndefined()
    await expect(verifying({ responder: { by: 'name', value: key } })).rejects.toEqual(refused)
    await expect(verifying({ responder: { by: 'key', value: raw } })).rejects.toEqual(refused)
    const { subjectKeyIdentifier: _, ...rest } = responder
    const silent: Certificate = { ...rest, subjectKeyIdentifier: undefined }
    await expect(verifying({ responder: { by: 'key', value: key }, certificate: silent })).rejects.toEqual(refused)
  })
  test('is of a responder that the issuer appointed for it', async () => {
    const refused = error('OCSP_RESPONDER_NOT_AUTHORISED', { response: response.field, signer })
    const without = new Map([...responder.extensions].filter(([oid]) => oid !== '2.5.29.37'))
    await expect(verifying({ certificate: { ...responder, extensions: without } })).rejects.toEqual(refused)
    // Of another purpose: serverAuth.
    const value = Uint8Array.of(0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1)
    const other = new Map([...without, ['2.5.29.37', { critical: false, value }]])
    await expect(verifying({ certificate: { ...responder, extensions: other } })).rejects.toEqual(refused)
  })
  test('is of a responder whose certificate the issuer signed', async () => {
    const signature = responder.signature.map((byte, i) => (i === responder.signature.byteLength - 1 ? byte ^ 1 : byte))
    await expect(verifying({ certificate: { ...responder, signature } })).rejects.toEqual(
      error('CERTIFICATE_SIGNATURE_INVALID', { subject: signer, issuer: issuer.subject.commonName }),
    )
  })
  test('is signed by it', async () => {
    const signature = response.signature.map((byte, i) => (i === response.signature.byteLength - 1 ? byte ^ 1 : byte))
    await expect(verifying({ signature })).rejects.toEqual(
      error('OCSP_SIGNATURE_INVALID', { response: response.field, signer }),
    )
  })
  test('may be the issuer’s own', async () => {
    const own = { by: 'name', value: issuer.subject.raw } as const
    await expect(verifying({ certificate: undefined, responder: own })).rejects.toEqual(
      error('OCSP_SIGNATURE_INVALID', { response: response.field, signer: issuer.subject.commonName }),
    )
  })
})

describe('the status of every certificate', () => {
  test('is unknown for the first that no response is about', async () => {
    expect(await verifyRevocation([deviceChain.slice(0, 2)], [], now)).toBeUndefined()
    expect(await verifyRevocation(chains, [], now)).toBe(deviceChain[2])
    expect(await verifyRevocation([[certificate, issuer]], [response], now)).toBeUndefined()
  })
  test('is not told by a response about nothing', async () => {
    const unmatched = error('OCSP_RESPONSE_UNMATCHED', { response: response.field, serial: response.serial })
    await expect(verifyRevocation([deviceChain.slice(0, 2)], [response], now)).rejects.toEqual(unmatched)
    await expect(verifyRevocation([[certificate]], [response], now)).rejects.toEqual(unmatched)
  })
})
