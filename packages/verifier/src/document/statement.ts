import {
  type AttestedConfig,
  type AttestedSoftware,
  type Ed25519Jwk,
  fromUtf8,
  type Keyset,
  MalformedError,
  parseJson,
  type Statement,
} from '@blindai/core'
import { ObjectReader } from '../json/object-reader.ts'

/** The most bytes of a statement. */
export const MAX_STATEMENT_BYTES = 65_536

const MAX_TLS_KEYS = 16
const MAX_OHTTP_BYTES = 16_384
const MAX_LIST = 1000
const MAX_TEXT = 256
const LAST_SECOND = 253_402_300_799

/**
 * Parses the exact bytes of a statement. Nothing is left open: an unknown or repeated member is refused, hexadecimal is
 * lower case, times are whole seconds.
 *
 * @throws {MalformedError} `TOO_LONG`, `NOT_UTF8`, `NOT_JSON`, `DUPLICATE_MEMBER`, `UNKNOWN_MEMBER`, `MISSING_MEMBER`,
 * `WRONG_TYPE`, `WRONG_VALUE`, `NOT_BASE64URL`, `WRONG_LENGTH`.
 */
export function parseStatement(bytes: Uint8Array): Statement {
  if (bytes.byteLength > MAX_STATEMENT_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'statement', length: bytes.byteLength, limit: MAX_STATEMENT_BYTES })
  }
  const r = new ObjectReader('statement', parseJson('statement', fromUtf8('statement', bytes)))
  r.integer('version', 1, 1)
  const keyset = readKeyset(r.object('keyset'))
  const config = readConfig(r.object('config'))
  const software = readSoftware(r.object('software'))
  r.end()
  return { version: 1, keyset, config, software }
}

function readKeyset(r: ObjectReader): Keyset {
  const keyset = {
    tls: readDigests(r, 'tls', MAX_TLS_KEYS),
    ohttp: r.base64url('ohttp', { most: MAX_OHTTP_BYTES }),
    channel: readEd25519(r.object('channel')),
    receipts: readEd25519(r.object('receipts')),
    notBefore: r.integer('notBefore', 0, LAST_SECOND),
    notAfter: r.integer('notAfter', 0, LAST_SECOND),
  }
  r.end()
  if (keyset.notBefore > keyset.notAfter) {
    throw new MalformedError('WRONG_VALUE', { field: 'statement.keyset.notAfter', expected: 'after notBefore' })
  }
  return keyset
}

function readEd25519(r: ObjectReader): Ed25519Jwk {
  const key = {
    kty: r.word('kty', ['OKP']),
    crv: r.word('crv', ['Ed25519']),
    x: r.base64url('x', { exactly: 32 }),
  }
  r.end()
  return key
}

function readConfig(r: ObjectReader): AttestedConfig {
  const config = {
    isolation: r.word('isolation', ['full', 'reduced', 'none']),
    keySource: r.string('keySource', MAX_TEXT),
    unattestedClients: r.boolean('unattestedClients'),
    legacyListeners: r.boolean('legacyListeners'),
    crossTenantBatching: r.boolean('crossTenantBatching'),
    sharedEngines: r.boolean('sharedEngines'),
    peers: r.strings('peers', MAX_LIST, MAX_TEXT),
    credentials: readDigests(r, 'credentials', MAX_LIST),
    digest: lowerCaseDigest(`${r.field}.digest`, r.string('digest', MAX_TEXT)),
  }
  r.end()
  return config
}

function readSoftware(r: ObjectReader): AttestedSoftware {
  const software = {
    name: r.string('name', MAX_TEXT),
    version: r.string('version', MAX_TEXT),
    digest: lowerCaseDigest(`${r.field}.digest`, r.string('digest', MAX_TEXT)),
  }
  r.end()
  return software
}

function readDigests(r: ObjectReader, member: string, limit: number): readonly string[] {
  return r.strings(member, limit, MAX_TEXT).map((digest, i) => lowerCaseDigest(`${r.field}.${member}[${i}]`, digest))
}

function lowerCaseDigest(field: string, value: string): string {
  if (/^[0-9a-f]{64}$/.test(value)) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: '64 hexadecimal digits in lower case' })
}
