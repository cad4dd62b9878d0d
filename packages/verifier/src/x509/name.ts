import { toHex } from '@blindai/core'
import { type DerReader, TAG } from './der-reader.ts'
import { readOid, readText } from './der-values.ts'

const COMMON_NAME = '2.5.4.3'

/** A distinguished name. Two names are the same only when their octets are. */
export interface DistinguishedName {
  /** Lower-case hex of the whole RDNSequence. */
  readonly raw: string
  /** The first common name; empty when there is none. */
  readonly commonName: string
}

/** Source: RFC 5280 section 4.1.2.4. */
export function readName(reader: DerReader, what: string): DistinguishedName {
  const element = reader.element(TAG.sequence, what)
  const sequence = reader.inside(element, what)
  let commonName = ''
  while (!sequence.done) {
    const set = sequence.enter(TAG.set, 'relative name')
    do {
      const attribute = set.enter(TAG.sequence, 'attribute')
      const type = readOid(attribute, 'type')
      const value = readText(attribute, 'value')
      attribute.end()
      if (type === COMMON_NAME && commonName === '') commonName = value
    } while (!set.done)
  }
  return { raw: toHex(element.raw), commonName }
}
