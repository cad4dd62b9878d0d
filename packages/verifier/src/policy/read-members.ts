import { MalformedError } from '@blindai/core'
import { hex, type ObjectReader } from '../json/object-reader.ts'
import { parseDate } from '../time.ts'
import type { IdentifierPolicy } from './dcap-platform-policy.ts'
import type { MeasurementSource, NamedReference } from './policy.ts'
import { PolicyError } from './policy-error.ts'

/** The most UTF-16 units of a name, and the most items of a list. */
export const MAX_NAME = 200
export const MAX_LIST = 1000

const MAX_REFERENCES = 1000
const SOURCES: readonly MeasurementSource[] = ['image', 'files', 'trust-on-first-use']

/** Reference values under a member, each with a name of its own; none when the member is absent. */
export function readReferences<Reference extends NamedReference>(
  r: ObjectReader,
  member: string,
  read: (r: ObjectReader) => Reference,
): readonly Reference[] {
  if (!r.has(member)) return []
  const references = r.objects(member, MAX_REFERENCES).map(read)
  refuseSameNames(`${r.field}.${member}`, references)
  return references
}

/** @throws {PolicyError} `POLICY_DUPLICATE_REFERENCE` when two have one name. */
export function refuseSameNames(field: string, named: readonly { readonly name: string }[]): void {
  const names = new Set<string>()
  for (const { name } of named) {
    if (names.has(name)) throw new PolicyError('POLICY_DUPLICATE_REFERENCE', { field, name })
    names.add(name)
  }
}

/** Name, date and source of a reference value. */
export function readReferenceHead(r: ObjectReader): NamedReference {
  const date = r.string('date', 10)
  parseDate(`${r.field}.date`, date)
  return { name: r.string('name', MAX_NAME), date, ...(r.has('source') && { source: r.word('source', SOURCES) }) }
}

/** A list of `true` and `false`. */
export function readBooleans(r: ObjectReader, member: string): readonly boolean[] {
  return r.array(member, 2).map((item, i) => {
    if (typeof item === 'boolean') return item
    throw new MalformedError('WRONG_TYPE', { field: `${r.field}.${member}[${i}]`, expected: 'true or false' })
  })
}

/** A list of digests in hexadecimal, of so many bytes each. */
export function readDigests(r: ObjectReader, member: string, bytes = 32): readonly string[] {
  return r.array(member, MAX_LIST).map((item, i) => hex(`${r.field}.${member}[${i}]`, item, bytes))
}

/** What may be used, and what not: digests or identifiers of so many bytes each. */
export function readAllowDeny(r: ObjectReader, bytes: number): IdentifierPolicy {
  const allow = r.has('allow') ? readDigests(r, 'allow', bytes) : undefined
  const deny = r.has('deny') ? readDigests(r, 'deny', bytes) : []
  r.end()
  refuseBoth(r, allow, deny)
  return allow === undefined ? { deny } : { allow, deny }
}

/** @throws {PolicyError} `POLICY_CONTRADICTION` when a list to allow and one to deny share an item. */
export function refuseBoth(r: ObjectReader, allow: readonly string[] | undefined, deny: readonly string[]): void {
  const value = allow?.find((item) => deny.includes(item))
  if (value === undefined) return
  throw new PolicyError('POLICY_CONTRADICTION', { field: `${r.field}.allow`, other: `${r.field}.deny`, value })
}
