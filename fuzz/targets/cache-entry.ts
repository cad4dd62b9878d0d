import { createHash } from 'node:crypto'
import { fromUtf8, unixSeconds, utf8 } from '@blindai/core'
import { type CacheEntry, encodeEntry, parseEntry } from '../../packages/endorsements/src/cache/entry.ts'
import { JSON_TEXT, TEXT } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const ADDRESS = 'https://service.invalid/list'
const ENTRY: CacheEntry = { fetchedAt: unixSeconds(1_795_000_000), body: utf8('a list') }

/** Entries without their digest, which is put in: inputs are what somebody who owns the disk writes. */
function withoutDigest(entry: CacheEntry): string {
  return encodeEntry(ADDRESS, entry).replace(/,"sha256":"[0-9a-f]{64}"/, '')
}

function withDigest(bytes: Uint8Array): Uint8Array {
  const text = fromUtf8('fuzz', bytes).trimEnd()
  const sha256 = createHash('sha256').update(text).digest('hex')
  return utf8(text.endsWith('}') ? `${text.slice(0, -1)},"sha256":"${sha256}"}` : text)
}

export const target: FuzzTarget<CacheEntry> = {
  sources: ['packages/endorsements/src/cache/entry.ts'],
  seeds: [written(withoutDigest(ENTRY), withoutDigest({ ...ENTRY, issuerChain: 'a chain' }))],
  isText: true,
  parse: (bytes) => parseEntry(ADDRESS, withDigest(bytes)),
  write: (entry) => utf8(withoutDigest(entry)),
  refuses: joinRefusals(TEXT, JSON_TEXT, { MalformedError: ['WRONG_TYPE', 'WRONG_VALUE'] }),
}
