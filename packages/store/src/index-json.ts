import {
  fromBase64Url,
  fromUtf8,
  type JsonObject,
  type JsonValue,
  MalformedError,
  parseJson,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { BLOB_ID_BYTES } from './blob-format.ts'
import { type IndexEntry, type IndexState, nameKey, type StoredApiKey, type StoredTenant } from './index-state.ts'

/** Wraps and unwraps the keys of blobs. */
export interface KeyWrap {
  wrap(entry: IndexEntry): Uint8Array
  /** @throws {StoreError} `INDEX_NOT_AUTHENTIC`. */
  unwrap(entry: Omit<IndexEntry, 'key'>, wrapped: Uint8Array): Uint8Array
}

/**
 * Version 2 is version 1 and what came after it: versions of names, and times and details of tenants. A program that knows 1
 * alone refuses 2 by this number, where it would have called a member damage.
 */
const VERSION = 2
/** Some of version 1 were written with what came after it, so both are read as one form. */
const READ: readonly JsonValue[] = [1, VERSION]
const MAX_TEXT = 256
const SHA256 = /^[0-9a-f]{64}$/

/** The plaintext of an index. */
export function encodeIndex(state: IndexState, keys: KeyWrap): Uint8Array {
  const models = state.models.map((entry) => ({
    owner: entry.owner,
    sha256: entry.sha256,
    bytes: entry.bytes,
    createdAt: entry.createdAt,
    ...(entry.name === undefined ? {} : { name: entry.name }),
    ...(entry.version === undefined ? {} : { version: entry.version }),
    grants: entry.grants,
    details: entry.details,
    blob: toHex(entry.blob),
    key: toBase64Url(keys.wrap(entry)),
  }))
  return utf8(JSON.stringify({ version: VERSION, models, tenants: state.tenants }))
}

/**
 * Reads the plaintext of an index. Strict though it was authenticated: what is in it decides whose a model is.
 *
 * @throws {MalformedError}; what `keys` throws.
 */
export function parseIndex(bytes: Uint8Array, keys: KeyWrap): IndexState {
  const root = members('index', parseJson('index', fromUtf8('index', bytes)), ['version', 'models', 'tenants'])
  if (root.version === undefined || !READ.includes(root.version)) {
    throw new MalformedError('WRONG_VALUE', { field: 'index.version', expected: READ.join(' or ') })
  }
  const models = list('index.models', root.models).map((value, i) => parseEntry(`index.models[${i}]`, value, keys))
  const tenants = list('index.tenants', root.tenants).map((value, i) => parseTenant(`index.tenants[${i}]`, value))
  distinct('index.models', 'model', models.map((entry) => `${entry.owner}/${entry.sha256}`)) // biome-ignore format: one rule a line
  distinct('index.models', 'blob', models.map((entry) => toHex(entry.blob))) // biome-ignore format: one rule a line
  distinct('index.models', 'name', models.flatMap((entry) => (entry.name === undefined ? [] : [nameKey(entry)]))) // biome-ignore format: one rule a line
  distinct('index.tenants', 'name', tenants.map((tenant) => tenant.name)) // biome-ignore format: one rule a line
  distinct('index.tenants', 'key', tenants.flatMap((tenant) => tenant.keys.map((key) => key.sha256))) // biome-ignore format: one rule a line
  return { models, tenants }
}

const ENTRY_MEMBERS = ['owner', 'sha256', 'bytes', 'createdAt', 'grants', 'details', 'blob', 'key'] as const

function parseEntry(field: string, value: JsonValue, keys: KeyWrap): IndexEntry {
  const m = members(field, value, ENTRY_MEMBERS, ['name', 'version'])
  const entry = {
    owner: text(`${field}.owner`, m.owner),
    sha256: sha256(`${field}.sha256`, m.sha256),
    bytes: whole(`${field}.bytes`, m.bytes),
    createdAt: time(`${field}.createdAt`, m.createdAt),
    ...(m.name === undefined ? {} : { name: text(`${field}.name`, m.name) }),
    ...(m.version === undefined ? {} : { version: positive(`${field}.version`, m.version) }),
    grants: list(`${field}.grants`, m.grants).map((grant, i) => text(`${field}.grants[${i}]`, grant)),
    details: object(`${field}.details`, m.details),
    blob: blobId(`${field}.blob`, m.blob),
  }
  return { ...entry, key: keys.unwrap(entry, fromBase64Url(`${field}.key`, text(`${field}.key`, m.key))) }
}

function parseTenant(field: string, value: JsonValue): StoredTenant {
  const m = members(field, value, ['name', 'role', 'createdAt', 'keys', 'details'])
  return {
    name: text(`${field}.name`, m.name),
    role: text(`${field}.role`, m.role),
    createdAt: time(`${field}.createdAt`, m.createdAt),
    keys: list(`${field}.keys`, m.keys).map((key, i) => parseApiKey(`${field}.keys[${i}]`, key)),
    details: object(`${field}.details`, m.details),
  }
}

function parseApiKey(field: string, value: JsonValue): StoredApiKey {
  const m = members(field, value, ['sha256', 'createdAt'], ['notBefore', 'expiresAt'])
  return {
    sha256: sha256(`${field}.sha256`, m.sha256),
    createdAt: time(`${field}.createdAt`, m.createdAt),
    ...(m.notBefore === undefined ? {} : { notBefore: time(`${field}.notBefore`, m.notBefore) }),
    ...(m.expiresAt === undefined ? {} : { expiresAt: time(`${field}.expiresAt`, m.expiresAt) }),
  }
}

/** The members of an object that has all of the first, may have the second, and has no others. */
function members(
  field: string,
  value: JsonValue | undefined,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  const found = object(field, value)
  for (const member of required) {
    if (found[member] === undefined) throw new MalformedError('MISSING_MEMBER', { field, member })
  }
  for (const member of Object.keys(found)) {
    if (!required.includes(member) && !optional.includes(member)) {
      throw new MalformedError('UNKNOWN_MEMBER', { field, member })
    }
  }
  return found
}

function object(field: string, value: JsonValue | undefined): JsonObject {
  if (isObject(value)) return value
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(field: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an array' })
}

function text(field: string, value: JsonValue | undefined): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: `text of 1 to ${MAX_TEXT} characters` })
}

function sha256(field: string, value: JsonValue | undefined): string {
  if (typeof value === 'string' && SHA256.test(value)) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: '64 lower-case hexadecimal digits' })
}

function blobId(field: string, value: JsonValue | undefined): Uint8Array {
  if (typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)) {
    return Uint8Array.from({ length: BLOB_ID_BYTES }, (_, i) => Number.parseInt(value.slice(2 * i, 2 * i + 2), 16))
  }
  throw new MalformedError('WRONG_VALUE', { field, expected: '32 lower-case hexadecimal digits' })
}

function whole(field: string, value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a whole number' })
}

function positive(field: string, value: JsonValue | undefined): number {
  const number = whole(field, value)
  if (number > 0) return number
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a whole number from 1' })
}

function time(field: string, value: JsonValue | undefined): UnixSeconds {
  try {
    return unixSeconds(whole(field, value))
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new MalformedError('WRONG_VALUE', { field, expected: 'a time in seconds' }, { cause })
  }
}

function distinct(field: string, what: string, values: readonly string[]): void {
  if (new Set(values).size === values.length) return
  throw new MalformedError('WRONG_VALUE', { field, expected: `a list in which no ${what} comes twice` })
}
