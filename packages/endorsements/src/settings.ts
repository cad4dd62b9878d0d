import { type JsonObject, type JsonValue, MalformedError } from '@blindai/core'

/**
 * The `endorsements` member of a configuration: which services are asked. None is asked that it does not name; the public
 * ones are named by the word `public`.
 */

/** A service of the form of Intel's provisioning service, or of a caching one. */
export interface IntelService {
  /** Origin, and a path where there is one; `/sgx/certification/v4/…` comes after it. */
  readonly url: string
  /** Where the root's list is; `/sgx/certification/v4/rootcacrl` of the service, as caching services have it, without it. */
  readonly rootCrlUrl?: string
  /** Which TCB recovery is asked for; the service's default is `standard`. */
  readonly update?: 'standard' | 'early'
  /** The very recovery that is asked for, in place of `update`. */
  readonly tcbEvaluationDataNumber?: number
  /** A file with the PEM of the authority that vouches for the service, where that is none of the usual ones. */
  readonly caFile?: string
}

/** A service of the form of AMD's key distribution service. */
export interface AmdService {
  /** Origin, and a path where there is one; `/vcek/v1/…` comes after it. */
  readonly url: string
  readonly caFile?: string
}

/** Which services are asked, and where copies are kept. */
export interface EndorsementSettings {
  readonly intel?: IntelService
  readonly amd?: AmdService
  /** A folder of its own; without it nothing is kept on disk. */
  readonly cacheDir?: string
}

/** Intel's public provisioning service, which has the root's list elsewhere. */
export const INTEL_PUBLIC_SERVICE: IntelService = {
  url: 'https://api.trustedservices.intel.com',
  rootCrlUrl: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
}

/** AMD's public key distribution service. */
export const AMD_PUBLIC_SERVICE: AmdService = { url: 'https://kdsintf.amd.com' }

const MAX_TEXT = 2048

/**
 * Parses the settings. Strict: an unknown member is an error, and so is an address that is not https, except on loopback.
 *
 * @throws {MalformedError} with the path of the member in `field`.
 */
export function parseEndorsementSettings(field: string, value: JsonValue): EndorsementSettings {
  const members = objectOf(field, value, ['intel', 'amd', 'cacheDir'])
  const { intel, amd, cacheDir } = members
  return {
    ...(intel !== undefined && {
      intel: intel === 'public' ? INTEL_PUBLIC_SERVICE : parseIntel(`${field}.intel`, intel),
    }),
    ...(amd !== undefined && { amd: amd === 'public' ? AMD_PUBLIC_SERVICE : parseAmd(`${field}.amd`, amd) }),
    ...(cacheDir !== undefined && { cacheDir: text(`${field}.cacheDir`, cacheDir) }),
  }
}

function parseIntel(field: string, value: JsonValue): IntelService {
  const members = objectOf(field, value, ['url', 'rootCrlUrl', 'update', 'tcbEvaluationDataNumber', 'caFile'])
  const { rootCrlUrl, update, tcbEvaluationDataNumber: number, caFile } = members
  if (update !== undefined && number !== undefined) {
    const expected = 'with either update or tcbEvaluationDataNumber, not both'
    throw new MalformedError('WRONG_VALUE', { field, expected })
  }
  return {
    url: address(`${field}.url`, required(field, members, 'url')),
    ...(rootCrlUrl !== undefined && { rootCrlUrl: address(`${field}.rootCrlUrl`, rootCrlUrl) }),
    ...(update !== undefined && { update: updateOf(`${field}.update`, update) }),
    ...(number !== undefined && { tcbEvaluationDataNumber: integer(`${field}.tcbEvaluationDataNumber`, number) }),
    ...(caFile !== undefined && { caFile: text(`${field}.caFile`, caFile) }),
  }
}

function parseAmd(field: string, value: JsonValue): AmdService {
  const members = objectOf(field, value, ['url', 'caFile'])
  return {
    url: address(`${field}.url`, required(field, members, 'url')),
    ...(members.caFile !== undefined && { caFile: text(`${field}.caFile`, members.caFile) }),
  }
}

/**
 * An address that may be asked: https, or http on this very machine; no credentials, no query, no fragment.
 *
 * @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`.
 */
function address(field: string, value: JsonValue): string {
  const url = URL.parse(text(field, value))
  const isAllowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (url !== null && isAllowed && isPlain) return url.href.replace(/\/$/, '')
  const expected = 'an https address, or an http one on loopback, without credentials, query or fragment'
  throw new MalformedError('WRONG_VALUE', { field, expected })
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname)
}

type Members<Name extends string> = Readonly<Partial<Record<Name, JsonValue>>>

function objectOf<Name extends string>(field: string, value: JsonValue, known: readonly Name[]): Members<Name> {
  if (!isObject(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
  const members: Partial<Record<Name, JsonValue>> = {}
  for (const [member, item] of Object.entries(value)) {
    const name = known.find((one) => one === member)
    if (name === undefined) throw new MalformedError('UNKNOWN_MEMBER', { field, member: member.slice(0, 64) })
    members[name] = item
  }
  return members
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function required<Name extends string>(field: string, members: Members<Name>, member: Name): JsonValue {
  const value = members[member]
  if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field, member })
  return value
}

function text(field: string, value: JsonValue): string {
  if (typeof value !== 'string') throw new MalformedError('WRONG_TYPE', { field, expected: 'a text' })
  if (value !== '' && value.length <= MAX_TEXT) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: `a text of 1 to ${MAX_TEXT} characters` })
}

function updateOf(field: string, value: JsonValue): 'standard' | 'early' {
  if (value === 'standard' || value === 'early') return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'standard or early' })
}

function integer(field: string, value: JsonValue): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 0xffff_ffff) return value
  throw new MalformedError('WRONG_VALUE', { field, expected: 'a whole number' })
}
