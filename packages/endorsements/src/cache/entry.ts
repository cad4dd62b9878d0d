import { createHash } from 'node:crypto'
import {
  fromUtf8,
  type JsonObject,
  type JsonValue,
  MalformedError,
  parseJson,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import type { Obtained } from '../resource.ts'

/**
 * A copy of a resource as it lies on disk: JSON with a digest over all of it. The digest finds what a failing disk or a
 * half-finished write left; it is no seal, as whoever owns the disk can write what he likes, and the verifier judges that.
 */

/** A copy, and when it came. */
export interface CacheEntry extends Obtained {
  readonly fetchedAt: UnixSeconds
}

const VERSION = 1
/** The largest body in base64url, its chain and some words. */
export const MAX_ENTRY_BYTES = 4_194_304

/** @param address - of the resource: an entry counts for no other. */
export function encodeEntry(address: string, { fetchedAt, body, issuerChain }: CacheEntry): string {
  const members = {
    version: VERSION,
    address,
    fetchedAt,
    body: Buffer.from(body).toString('base64url'),
    ...(issuerChain !== undefined && { issuerChain }),
  }
  return `${JSON.stringify({ ...members, sha256: digestOf(members) })}\n`
}

/**
 * Parses an entry.
 *
 * @throws {MalformedError} for whatever `encodeEntry` would not have written for this address.
 */
export function parseEntry(address: string, bytes: Uint8Array): CacheEntry {
  const field = 'cache entry'
  const value = parseJson(field, fromUtf8(field, bytes))
  if (!isObject(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
  const { sha256, ...members } = value
  if (sha256 !== digestOf(members)) throw wrong('sha256', 'the digest of the rest')
  if (members.version !== VERSION) throw wrong('version', String(VERSION))
  if (members.address !== address) throw wrong('address', 'the address that is asked')
  const { fetchedAt, body, issuerChain } = members
  if (typeof body !== 'string') throw wrong('body', 'base64url')
  if (issuerChain !== undefined && typeof issuerChain !== 'string') throw wrong('issuerChain', 'a text')
  return {
    fetchedAt: timeOf(fetchedAt),
    body: new Uint8Array(Buffer.from(body, 'base64url')),
    ...(issuerChain !== undefined && { issuerChain }),
  }
}

function timeOf(value: JsonValue | undefined): UnixSeconds {
  try {
    return unixSeconds(typeof value === 'number' ? value : Number.NaN)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw wrong('fetchedAt', 'a time')
  }
}

/** Of the members as JSON, in the order in which they stand. */
function digestOf(members: object): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(member: string, expected: string): MalformedError<'WRONG_VALUE'> {
  return new MalformedError('WRONG_VALUE', { field: `cache entry ${member}`, expected })
}
