import { type IsolationLevel, type JsonObject, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { KEY_SOURCE_KINDS, type KeySourceKind } from '@blindai/store'
import { defaultLimits, LIMIT_RANGES, type ServerLimits } from './config-limits.ts'
import { isTenantName, TENANT_ROLES, type TenantConfig } from './tenants/index.ts'

/** Where a listener listens. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** A folder of sealed models, and where its key comes from. */
export interface StoreConfig {
  readonly dir: string
  /** `ephemeral`: nothing can be opened after the process. `file`: a key file, for simulated evidence only. */
  readonly keySource: KeySourceKind
  /** Of the key source `file`. */
  readonly keyFile?: string
  /** The number outside of the disk that refuses older copies of it. */
  readonly counter?: CounterConfig
}

/** Where that number lies. `file` shows how it works and protects nothing: for simulated evidence only. */
export type CounterConfig = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'tpm' }

/** Listeners for clients of BlindAI 0.6, which have no keys: on loopback only, and all of them one tenant. */
export interface LegacyConfig {
  readonly host: '127.0.0.1' | '::1'
  readonly ports: { readonly attestation: number; readonly run: number; readonly management: number }
  /** A tenant that nobody else is. */
  readonly tenant: string
}

/** What `blindai serve --config FILE` reads. */
export interface ServerConfig {
  readonly listen: ListenAddress
  /** Plain HTTP for Oblivious HTTP: loopback, or behind whatever terminates TLS. */
  readonly plainListen?: ListenAddress
  /** Plain HTTP for `GET /metrics` alone; none unless given, on loopback unless it names a host. */
  readonly metricsListen?: ListenAddress
  /** Write a line of the log for each request: its route, status, time and sizes. */
  readonly requestLog: boolean
  readonly tenants: readonly TenantConfig[]
  /** Serve clients that do not prove their TLS channel. */
  readonly unattestedClients: boolean
  /** The weakest wall to start with. */
  readonly isolation: IsolationLevel
  /** Let one engine serve several tenants, one after the other. */
  readonly sharedEngines: boolean
  /** Let requests of several tenants be computed in one run, where a model's owner and its proof allow it. */
  readonly crossTenantBatching: boolean
  /** Where models are kept; in memory, for the life of the process, when absent. */
  readonly store?: StoreConfig
  /** Serves clients of BlindAI 0.6, too. */
  readonly legacy?: LegacyConfig
  readonly limits: ServerLimits
}

/** The largest configuration file that is read. */
export const MAX_CONFIG_BYTES: number = 1024 * 1024

const ISOLATIONS: readonly IsolationLevel[] = ['full', 'reduced', 'none']

/**
 * Parses a configuration file. Strict: unknown and duplicate members, two tenants of one name or key, and limits outside
 * their range are refused.
 *
 * @throws {MalformedError} with the path of the member in `field`.
 */
export function parseServerConfig(text: string): ServerConfig {
  const root = new Members('configuration', parseJson('configuration', text))
  const plainListen = root.optional('plainListen', parseAddress)
  const metricsListen = root.optional('metricsListen', parseLocalAddress)
  const store = root.optional('store', parseStore)
  const legacy = root.optional('legacy', parseLegacy)
  const config: ServerConfig = {
    listen: root.required('listen', parseAddress),
    ...(plainListen === undefined ? {} : { plainListen }),
    ...(metricsListen === undefined ? {} : { metricsListen }),
    requestLog: root.optional('requestLog', parseBoolean) ?? false,
    tenants: root.required('tenants', parseTenants),
    unattestedClients: root.optional('unattestedClients', parseBoolean) ?? false,
    isolation: root.optional('isolation', oneOf(ISOLATIONS)) ?? 'full',
    sharedEngines: root.optional('sharedEngines', parseBoolean) ?? false,
    crossTenantBatching: root.optional('crossTenantBatching', parseBoolean) ?? false,
    ...(store === undefined ? {} : { store }),
    ...(legacy === undefined ? {} : { legacy }),
    limits: root.optional('limits', parseLimits) ?? defaultLimits(),
  }
  root.end()
  requireOwnTenant(config)
  requireBatches(config)
  return config
}

/** Tenants that share a run share its engine; and without batches there is nothing to share. */
function requireBatches({ crossTenantBatching, sharedEngines, limits }: ServerConfig): void {
  if (!crossTenantBatching || (sharedEngines && limits.maxBatchElements > 0)) return
  const expected = 'false unless sharedEngines is true and limits.maxBatchElements above 0'
  throw new MalformedError('WRONG_VALUE', { field: 'configuration.crossTenantBatching', expected })
}

/** The effective configuration as JSON, limits included: what the statement's digest of the configuration covers. */
export function configJson(config: ServerConfig): JsonObject {
  const json = parseJson('configuration', JSON.stringify(config))
  if (!isObject(json)) throw new TypeError('a configuration is an object')
  return json
}

type Parse<T> = (field: string, value: JsonValue) => T

/** The members of one object, each read once. */
class Members {
  readonly #field: string
  readonly #members: JsonObject
  readonly #left: Set<string>

  constructor(field: string, value: JsonValue) {
    if (!isObject(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
    this.#field = field
    this.#members = value
    this.#left = new Set(Object.keys(value))
  }

  required<T>(member: string, parse: Parse<T>): T {
    const value = this.optional(member, parse)
    if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field: this.#field, member })
    return value
  }

  optional<T>(member: string, parse: Parse<T>): T | undefined {
    this.#left.delete(member)
    const value = this.#members[member]
    return value === undefined ? undefined : parse(`${this.#field}.${member}`, value)
  }

  end(): void {
    for (const member of this.#left) throw new MalformedError('UNKNOWN_MEMBER', { field: this.#field, member })
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseAddress(field: string, value: JsonValue): ListenAddress {
  const members = new Members(field, value)
  const address = { host: members.required('host', parseHost), port: members.required('port', parseInteger(0, 65_535)) }
  members.end()
  return address
}

/** What is for the operator's own programs is on loopback, unless it is said otherwise. */
function parseLocalAddress(field: string, value: JsonValue): ListenAddress {
  const members = new Members(field, value)
  const host = members.optional('host', parseHost) ?? '127.0.0.1'
  const address = { host, port: members.required('port', parseInteger(0, 65_535)) }
  members.end()
  return address
}

function parseStore(field: string, value: JsonValue): StoreConfig {
  const members = new Members(field, value)
  const dir = members.required('dir', parsePath)
  const keySource = members.optional('keySource', oneOf(KEY_SOURCE_KINDS)) ?? 'ephemeral'
  // Only a key that lies in a file has one to name.
  const keyFile = keySource === 'file' ? members.required('keyFile', parsePath) : undefined
  // With a key that is gone at the end there is nothing that an older copy could bring back.
  const counter = keySource === 'ephemeral' ? undefined : members.optional('counter', parseCounter)
  members.end()
  return {
    dir,
    keySource,
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(counter === undefined ? {} : { counter }),
  }
}

function parseCounter(field: string, value: JsonValue): CounterConfig {
  const members = new Members(field, value)
  const kind = members.required('kind', oneOf(['file', 'tpm'] as const))
  const counter = kind === 'file' ? { kind, path: members.required('path', parsePath) } : { kind }
  members.end()
  return counter
}

/** Ports that clients of 0.6 try when they are told none. */
const LEGACY_PORTS = { attestation: 9923, run: 9924, management: 9925 }

function parseLegacy(field: string, value: JsonValue): LegacyConfig {
  const members = new Members(field, value)
  const host = members.optional('host', oneOf(['127.0.0.1', '::1'] as const)) ?? '127.0.0.1'
  const ports = members.optional('ports', parseLegacyPorts) ?? LEGACY_PORTS
  const tenant = members.optional('tenant', parseTenantName) ?? 'legacy'
  members.end()
  return { host, ports, tenant }
}

function parseLegacyPorts(field: string, value: JsonValue): LegacyConfig['ports'] {
  const members = new Members(field, value)
  const parsePort = parseInteger(0, 65_535)
  const ports = {
    attestation: members.required('attestation', parsePort),
    run: members.required('run', parsePort),
    management: members.required('management', parsePort),
  }
  members.end()
  return ports
}

/** Whoever reaches these listeners is their tenant; nobody's models may be theirs by a name that is used twice. */
function requireOwnTenant({ legacy, tenants }: ServerConfig): void {
  if (!tenants.some(({ name }) => name === legacy?.tenant)) return
  throw new MalformedError('WRONG_VALUE', {
    field: 'configuration.legacy.tenant',
    expected: 'a name that no tenant of the configuration has',
  })
}

function parsePath(field: string, value: JsonValue): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 4096 && !value.includes('\0')) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a path' })
}

function parseHost(field: string, value: JsonValue): string {
  if (typeof value === 'string' && /^[A-Za-z0-9.:_-]{1,255}$/.test(value)) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a host name or an IP address' })
}

function parseInteger(min: number, max: number): Parse<number> {
  return (field, value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    throw new MalformedError('WRONG_VALUE', { field, expected: `a whole number from ${min} to ${max}` })
  }
}

function parseBoolean(field: string, value: JsonValue): boolean {
  if (typeof value === 'boolean') return value
  throw new MalformedError('WRONG_TYPE', { field, expected: 'true or false' })
}

function oneOf<T extends string>(allowed: readonly T[]): Parse<T> {
  return (field, value) => {
    for (const candidate of allowed) if (candidate === value) return candidate
    throw new MalformedError('WRONG_VALUE', { field, expected: `one of ${allowed.join(', ')}` })
  }
}

function parseTenants(field: string, value: JsonValue): TenantConfig[] {
  if (!Array.isArray(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an array' })
  const tenants = value.map((item: JsonValue, i) => parseTenant(`${field}[${i}]`, item))
  requireDistinct(field, 'names', tenants.map((tenant) => tenant.name)) // biome-ignore format: one rule a line
  requireDistinct(field, 'keys', tenants.map((tenant) => tenant.keySha256)) // biome-ignore format: one rule a line
  return tenants
}

function parseTenant(field: string, value: JsonValue): TenantConfig {
  const members = new Members(field, value)
  const tenant = {
    name: members.required('name', parseTenantName),
    role: members.required('role', oneOf(TENANT_ROLES)),
    keySha256: members.required('keySha256', parseSha256),
  }
  members.end()
  return tenant
}

function parseTenantName(field: string, value: JsonValue): string {
  if (typeof value === 'string' && isTenantName(value)) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a name of 1 to 64 letters, digits, ".", "_" and "-"' })
}

function parseSha256(field: string, value: JsonValue): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: '64 lower-case hexadecimal digits' })
}

function requireDistinct(field: string, what: string, values: readonly string[]): void {
  if (new Set(values).size === values.length) return
  throw new MalformedError('WRONG_VALUE', { field, expected: `a list of tenants with distinct ${what}` })
}

function parseLimits(field: string, value: JsonValue): ServerLimits {
  const members = new Members(field, value)
  const limits = { ...defaultLimits() }
  for (const name of limitNames(limits)) {
    const [min, max] = LIMIT_RANGES[name]
    limits[name] = members.optional(name, parseInteger(min, max)) ?? limits[name]
  }
  members.end()
  return limits
}

function limitNames(limits: ServerLimits): (keyof ServerLimits)[] {
  return Object.keys(limits).filter((name): name is keyof ServerLimits => Object.hasOwn(LIMIT_RANGES, name))
}
