import { ByteReader, fromUtf8 } from '@blindai/core'

/** A quote taken apart: the constants that tell its kind, and where each part lies. */
export interface QuoteLayout {
  /** What must be the same in every quote of this kind. */
  readonly kind: Readonly<Record<string, unknown>>
  /** Offset and length of each part in front of the certificates. */
  readonly parts: readonly (readonly [name: string, offset: number, length: number])[]
  readonly signedPart: Uint8Array
  readonly quoteSignature: Uint8Array
  readonly attestationKey: Uint8Array
  readonly qeReport: Uint8Array
  readonly qeReportSignature: Uint8Array
  readonly qeAuthenticationData: Uint8Array
  /** PEM of each certificate, leaf first. */
  readonly certificates: readonly string[]
  /** What stands between and after the certificates. */
  readonly separators: readonly string[]
}

/** Takes a version 4 quote apart. Written for the tests alone, after Intel's tables and not after the writer. */
export function layoutOf(quote: Uint8Array): QuoteLayout {
  const r = new ByteReader('quote', quote)
  const parts: [string, number, number][] = []
  const take = (name: string, length: number): Uint8Array => {
    parts.push([name, r.offset, length])
    return r.bytes(r.offset, length, name)
  }
  const header = new DataView(take('header', 48).buffer)
  const body = take('TD report', 584)
  const signatureSize = r.u32(r.offset, 'signature data size')
  const signatureEnd = r.offset + signatureSize
  const quoteSignature = take('quote signature', 64)
  const attestationKey = take('attestation key', 64)
  const outerType = r.u16(r.offset, 'outer type')
  const outerSize = r.u32(r.offset, 'outer size')
  const outerEnd = r.offset + outerSize
  const qeReport = take('QE report', 384)
  const qeReportSignature = take('QE report signature', 64)
  const authenticationSize = r.u16(r.offset, 'QE authentication data size')
  const qeAuthenticationData = take('QE authentication data', authenticationSize)
  const innerType = r.u16(r.offset, 'inner type')
  const innerSize = r.u32(r.offset, 'inner size')
  const pem = fromUtf8('PCK chain', r.bytes(r.offset, innerSize, 'PCK chain'))
  const certificate = /-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----/g
  return {
    kind: {
      version: header.getUint16(0, true),
      attestationKeyType: header.getUint16(2, true),
      teeType: header.getUint32(4, true),
      reserved: header.getUint32(8, true),
      qeVendorId: Buffer.from(header.buffer).toString('hex', 12, 28),
      mrSignerSeam: Buffer.from(body).toString('hex', 64, 112),
      seamAttributes: Buffer.from(body).toString('hex', 112, 120),
      tdAttributes: Buffer.from(body).toString('hex', 120, 128),
      xfam: Buffer.from(body).toString('hex', 128, 136),
      tdxModuleVersion: body[1],
      outerType,
      outerEndsSignatureData: outerEnd === signatureEnd,
      innerType,
      innerEndsOuter: r.offset === outerEnd,
      qeIsvProdId: qeReport[256],
      qeMrSigner: Buffer.from(qeReport).toString('hex', 128, 160),
      qeAttributes: Buffer.from(qeReport).toString('hex', 48, 64),
    },
    parts,
    signedPart: quote.slice(0, 632),
    quoteSignature,
    attestationKey,
    qeReport,
    qeReportSignature,
    qeAuthenticationData,
    certificates: pem.match(certificate) ?? [],
    separators: pem.split(certificate),
  }
}
