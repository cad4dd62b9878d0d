import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { Certificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der-reader.ts'
import { readBoolean, readOctets, readOid, readSmallInteger } from '../x509/der-values.ts'

const SGX_EXTENSIONS = '1.2.840.113741.1.13.1'

/** Components of a TCB. */
export const TCB_COMPONENTS = 16

/** What a PCK certificate says of its platform. Hex is lower case. */
export interface PckPlatform {
  /** 6 bytes: family, model, stepping, platform, custom SKU. */
  readonly fmspc: string
  /** 2 bytes. */
  readonly pceId: string
  /** 16 bytes that name the platform. */
  readonly ppid: string
  /** 16 bytes that name the platform since it was last set up; a processor authority writes none. */
  readonly platformInstanceId?: string
  /** The platform's SGX component versions, 16 numbers. */
  readonly sgxComponents: readonly number[]
  readonly pceSvn: number
  /** The raw CPUSVN, 16 bytes. */
  readonly cpuSvn: string
}

/**
 * Reads the SGX extensions of a PCK certificate.
 *
 * Source: Intel SGX PCK Certificate and Certificate Revocation List Profile, section 1.3.5.
 *
 * @throws {VerifierError} `EXTENSION_MISSING`, `DUPLICATE_EXTENSION`, `NOT_DER`, `UNSUPPORTED_VALUE`.
 */
export function readPckPlatform(certificate: Certificate): PckPlatform {
  const extension = certificate.extensions.get(SGX_EXTENSIONS)
  if (extension === undefined) throw missing(certificate.field, SGX_EXTENSIONS)
  const field = `${certificate.field} SGX extensions`
  const outer = new DerReader(field, extension.value)
  const entries = readEntries(outer.enter(TAG.sequence, 'value'), `${SGX_EXTENSIONS}.`, TOP_LEVEL)
  outer.end()
  const tcb = readEntries(entries.reader('2').enter(TAG.sequence, 'TCB'), `${SGX_EXTENSIONS}.2.`, TCB_MEMBERS)
  const sgxComponents = Array.from({ length: TCB_COMPONENTS }, (_, i) => byteOf(tcb.reader(String(i + 1))))
  // Read for their form only: what they say changes nothing here.
  readSmallInteger(entries.reader('5'), 'SGX Type', TAG.enumerated)
  if (entries.has('7')) checkConfiguration(entries.reader('7').enter(TAG.sequence, 'Configuration'))
  return {
    fmspc: toHex(readOctets(entries.reader('4'), 'FMSPC', 6)),
    pceId: toHex(readOctets(entries.reader('3'), 'PCEID', 2)),
    ppid: toHex(readOctets(entries.reader('1'), 'PPID', 16)),
    ...(entries.has('6') && {
      platformInstanceId: toHex(readOctets(entries.reader('6'), 'Platform Instance ID', 16)),
    }),
    sgxComponents,
    pceSvn: readSmallInteger(tcb.reader('17'), 'PCESVN'),
    cpuSvn: toHex(readOctets(tcb.reader('18'), 'CPUSVN', 16)),
  }
}

const TOP_LEVEL = ['1', '2', '3', '4', '5', '6', '7']
const TCB_MEMBERS = Array.from({ length: 18 }, (_, i) => String(i + 1))
const CONFIGURATION = ['1', '2', '3']

function checkConfiguration(list: DerReader): void {
  const configuration = readEntries(list, `${SGX_EXTENSIONS}.7.`, CONFIGURATION)
  for (const arc of CONFIGURATION) if (configuration.has(arc)) readBoolean(configuration.reader(arc), 'Configuration')
}

function byteOf(reader: DerReader): number {
  const svn = readSmallInteger(reader, 'component SVN')
  if (svn > 255) {
    throw new VerifierError('UNSUPPORTED_VALUE', { field: reader.field, expected: 'at most 255', actual: String(svn) })
  }
  return svn
}

/** Entries of a list of identifier and value, by the last arc of the identifier. */
interface Entries {
  has(arc: string): boolean
  reader(arc: string): DerReader
}

function readEntries(list: DerReader, prefix: string, arcs: readonly string[]): Entries {
  const readers = new Map<string, DerReader>()
  while (!list.done) {
    const entry = list.enter(TAG.sequence, 'entry')
    const oid = readOid(entry, 'identifier')
    const value = entry.any('value')
    entry.end()
    const arc = oid.slice(prefix.length)
    if (!oid.startsWith(prefix) || !arcs.includes(arc)) {
      throw new VerifierError('UNSUPPORTED_VALUE', {
        field: list.field,
        expected: `an identifier ${prefix}n`,
        actual: oid,
      })
    }
    if (readers.has(arc)) throw new VerifierError('DUPLICATE_EXTENSION', { field: list.field, oid })
    readers.set(arc, new DerReader(`${list.field} ${oid}`, value.raw, value.contentOffset))
  }
  return {
    has: (arc) => readers.has(arc),
    reader: (arc) => {
      const reader = readers.get(arc)
      if (reader === undefined) throw missing(list.field, `${prefix}${arc}`)
      return reader
    },
  }
}

function missing(field: string, oid: string): VerifierError<'EXTENSION_MISSING'> {
  return new VerifierError('EXTENSION_MISSING', { field, oid })
}
