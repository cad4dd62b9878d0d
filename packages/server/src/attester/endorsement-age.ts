import {
  type Endorsements,
  isMalformedError,
  type JsonValue,
  parseJson,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'

/**
 * When the first of the endorsements' signed documents is due to be replaced; undefined when that cannot be read from
 * them. Revocation lists are not looked at: a source renews them with the rest.
 */
export function nextUpdateOf(endorsements: Endorsements | undefined): UnixSeconds | undefined {
  // The one window in those of SEV-SNP is that of a revocation list.
  if (endorsements?.type !== 'dcap') return undefined
  const dates = [
    nextUpdateIn(endorsements.tcbInfo, 'tcbInfo'),
    nextUpdateIn(endorsements.qeIdentity, 'enclaveIdentity'),
  ].filter((date) => date !== undefined)
  return dates.length === 0 ? undefined : unixSeconds(Math.min(...dates))
}

function nextUpdateIn(text: string, member: string): UnixSeconds | undefined {
  const date = memberOf(memberOf(parseOrNull(text), member), 'nextUpdate')
  if (typeof date !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$/.test(date)) return undefined
  const milliseconds = Date.parse(date)
  return Number.isNaN(milliseconds) || milliseconds < 0 ? undefined : unixSeconds(milliseconds / 1000)
}

/** Endorsements that cannot be read are for the verifier to refuse; here they only have no known age. */
function parseOrNull(text: string): JsonValue {
  try {
    return parseJson('endorsement', text)
  } catch (error) {
    if (isMalformedError(error)) return null
    throw error
  }
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isObject(value: JsonValue | undefined): value is { readonly [member: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
