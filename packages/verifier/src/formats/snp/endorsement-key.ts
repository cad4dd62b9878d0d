import { fromUtf8 } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { DerReader, TAG } from '../../x509/der-reader.ts'
import { readSmallInteger } from '../../x509/der-values.ts'
import { parseProductName, type SnpProduct } from './product.ts'
import type { SnpTcb } from './tcb-version.ts'

/** Which of the two keys a certificate is of. */
export type EndorsementKeyKind = 'VCEK' | 'VLEK'

/** What the certificate of an endorsement key says of its platform. */
export interface EndorsementKey {
  readonly kind: EndorsementKeyKind
  readonly product: SnpProduct
  readonly tcb: SnpTcb
  /** Of a VCEK: the chip, 64 bytes, on Turin 8. */
  readonly hwId?: Uint8Array
  /** Of a VLEK: the provider that it is lent to. */
  readonly provider?: string
}

const ARC = '1.3.6.1.4.1.3704.1.'

/** Source: AMD 57230 (VCEK Certificate and KDS Interface Specification), "VCEK Certificate Definition". */
const OID = {
  structVersion: `${ARC}1`,
  productName: `${ARC}2`,
  bootLoader: `${ARC}3.1`,
  tee: `${ARC}3.2`,
  snp: `${ARC}3.3`,
  reserved: [`${ARC}3.4`, `${ARC}3.5`, `${ARC}3.6`, `${ARC}3.7`],
  microcode: `${ARC}3.8`,
  fmc: `${ARC}3.9`,
  hwId: `${ARC}4`,
  provider: `${ARC}5`,
}

const HW_ID_BYTES: { readonly [P in SnpProduct]: number } = { Milan: 64, Genoa: 64, Turin: 8 }
const MOST_STRUCT_VERSION = 1

/**
 * Reads the extensions of a VCEK or VLEK certificate.
 *
 * @throws {VerifierError} `EXTENSION_MISSING`, `NOT_DER`, `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function readEndorsementKey(certificate: Certificate, kind: EndorsementKeyKind): EndorsementKey {
  const { field } = certificate
  integer(certificate, OID.structVersion, MOST_STRUCT_VERSION)
  const product = readProduct(certificate)
  for (const oid of OID.reserved) {
    if (certificate.extensions.has(oid) && integer(certificate, oid) !== 0) {
      throw new VerifierError('RESERVED_NOT_ZERO', { field: `${field} ${oid}` })
    }
  }
  const only = product === 'Turin' ? { fmc: integer(certificate, OID.fmc) } : refuse(certificate, OID.fmc, product)
  const tcb = {
    ...only,
    bootLoader: integer(certificate, OID.bootLoader),
    tee: integer(certificate, OID.tee),
    snp: integer(certificate, OID.snp),
    microcode: integer(certificate, OID.microcode),
  }
  if (kind === 'VLEK') {
    refuse(certificate, OID.hwId, kind)
    return { kind, product, tcb, provider: text(certificate, OID.provider) }
  }
  refuse(certificate, OID.provider, kind)
  return { kind, product, tcb, hwId: readHwId(certificate, product) }
}

function readProduct(certificate: Certificate): SnpProduct {
  const name = text(certificate, OID.productName)
  const product = parseProductName(name)
  if (product !== undefined) return product
  const facts = { expected: 'Milan, Genoa or Turin', actual: name }
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `${certificate.field} productName`, ...facts })
}

/** The octets stand in the extension as they are, in no OCTET STRING of their own. */
function readHwId(certificate: Certificate, product: SnpProduct): Uint8Array {
  const value = extensionValue(certificate, OID.hwId)
  const expected = HW_ID_BYTES[product]
  if (value.byteLength === expected) return value
  const facts = { expected: `${expected} bytes`, actual: `${value.byteLength} bytes` }
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `${certificate.field} hwID`, ...facts })
}

function integer(certificate: Certificate, oid: string, most = 255): number {
  const reader = new DerReader(`${certificate.field} ${oid}`, extensionValue(certificate, oid))
  const value = readSmallInteger(reader, 'value')
  reader.end()
  if (value <= most) return value
  throw new VerifierError('UNSUPPORTED_VALUE', {
    field: reader.field,
    expected: `at most ${most}`,
    actual: String(value),
  })
}

/** IA5String. */
function text(certificate: Certificate, oid: string): string {
  const reader = new DerReader(`${certificate.field} ${oid}`, extensionValue(certificate, oid))
  const element = reader.element(TAG.ia5String, 'value')
  reader.end()
  return fromUtf8(reader.field, element.content)
}

function extensionValue(certificate: Certificate, oid: string): Uint8Array {
  const extension = certificate.extensions.get(oid)
  if (extension === undefined) throw new VerifierError('EXTENSION_MISSING', { field: certificate.field, oid })
  return extension.value
}

/** An extension that certificates of this kind or product do not have. */
function refuse(certificate: Certificate, oid: string, subject: string): Record<string, never> {
  if (!certificate.extensions.has(oid)) return {}
  const facts = { expected: `none in a certificate of ${subject}`, actual: 'an extension' }
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `${certificate.field} ${oid}`, ...facts })
}
