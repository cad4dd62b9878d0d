import {
  type AttestedConfig,
  type AttestedSoftware,
  digest,
  type JsonObject,
  type JsonValue,
  type Keyset,
  type Statement,
  toHex,
  utf8,
} from '@blindai/core'
import { publicJwk } from './keyset.ts'

/** The configuration that a statement shows, before its digest is known. */
export type ShownConfig = Omit<AttestedConfig, 'digest'>

/**
 * The exact bytes that evidence vouches for and that clients get. Members are copied by name: nothing that happens to
 * stand beside them is published.
 */
export function encodeStatement(keyset: Keyset, config: AttestedConfig, software: AttestedSoftware): Uint8Array {
  const statement: Statement = {
    version: 1,
    keyset: {
      tls: [...keyset.tls],
      ohttp: keyset.ohttp,
      channel: publicJwk('channel', keyset.channel),
      receipts: publicJwk('receipts', keyset.receipts),
      notBefore: keyset.notBefore,
      notAfter: keyset.notAfter,
    },
    config: { ...shown(config), digest: config.digest },
    software: { name: software.name, version: software.version, digest: software.digest },
  }
  return utf8(JSON.stringify(statement))
}

/**
 * The digest of a configuration: the SHA-256 of its JSON with members sorted by name at every level and no white space.
 * Lower-case hex. Two configurations that say the same have the same digest.
 */
export async function configDigest(config: JsonObject): Promise<string> {
  return toHex(await digest('SHA-256', utf8(sortedJson(config))))
}

/** The members of a configuration that a statement shows, as JSON. */
export function shown(config: ShownConfig): ShownConfig & JsonObject {
  return {
    isolation: config.isolation,
    keySource: config.keySource,
    unattestedClients: config.unattestedClients,
    legacyListeners: config.legacyListeners,
    crossTenantBatching: config.crossTenantBatching,
    sharedEngines: config.sharedEngines,
    peers: [...config.peers],
    credentials: [...config.credentials],
  }
}

function sortedJson(value: JsonValue): string {
  if (isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${sortedJson(value[name] ?? null)}`).join(',')}}`
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
