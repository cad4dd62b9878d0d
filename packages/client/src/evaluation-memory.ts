import { fromUtf8, isMalformedError, type JsonObject, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { type AffirmingResult, type SeenEvaluation, seenEvaluation } from '@blindai/verifier'
import { BlindAiError } from './errors.ts'

/**
 * Remembers the highest TCB evaluation number that each server's endorsements have had, so that a server which goes back to
 * older ones, and thereby hides what was found since, is refused. A policy's own minimum holds besides.
 *
 * Numbers are kept apart by server, since one may staple Intel's early and another its standard update; by root, so that a
 * simulated authority says nothing about hardware; and by TEE. Only affirming results are remembered.
 */
export interface EvaluationMemory {
  /** All that is remembered of a server. Rejects when that cannot be read: forgetting is what an attacker wants. */
  recall(server: string): Promise<readonly SeenEvaluation[]>
  /** Remembers a number of a server, unless a higher one is remembered. */
  remember(server: string, seen: SeenEvaluation): Promise<void>
}

/** Numbers of one server: a root and a TEE each. */
const MOST_OF_A_SERVER = 32
/** Servers that are remembered in a process. */
const MOST_SERVERS = 1024
const ROOT_SHA256 = /^[0-9a-f]{64}$/

/** A memory that ends with the process; what `connect` uses when it is given none is one of all sessions. */
export function processEvaluationMemory(): EvaluationMemory {
  const servers = new Map<string, readonly SeenEvaluation[]>()
  return {
    recall: async (server) => servers.get(server) ?? [],
    async remember(server, seen) {
      const known = servers.get(server) ?? []
      // The server that was heard of longest ago gives way.
      servers.delete(server)
      const [oldest] = servers.keys()
      if (servers.size >= MOST_SERVERS && oldest !== undefined) servers.delete(oldest)
      servers.set(server, raised(known, seen))
    },
  }
}

/** The part of the Web Storage that is needed: `localStorage` has it. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const STORAGE_PREFIX = 'blindai.evaluation-numbers.v1 '

/**
 * A memory in a page's `localStorage`, or in whatever keeps texts by name.
 *
 * @example
 * const session = await connect({ url, policy, evaluationMemory: storedEvaluationMemory(localStorage) })
 */
export function storedEvaluationMemory(storage: TextStorage): EvaluationMemory {
  const read = (server: string): readonly SeenEvaluation[] => {
    const text = storage.getItem(`${STORAGE_PREFIX}${server}`)
    return text === null ? [] : readEvaluations(server, text)
  }
  return {
    recall: async (server) => read(server),
    async remember(server, seen) {
      storage.setItem(`${STORAGE_PREFIX}${server}`, evaluationsText(server, raised(read(server), seen)))
    },
  }
}

/** Keeps what an affirming result shows; nothing of evidence whose endorsements count no recoveries. */
export async function rememberResult(memory: EvaluationMemory, server: string, result: AffirmingResult): Promise<void> {
  const seen = seenEvaluation(result)
  if (seen !== undefined) await memory.remember(server, seen)
}

/** The numbers with one of them raised, or added; never one lowered. */
export function raised(known: readonly SeenEvaluation[], seen: SeenEvaluation): readonly SeenEvaluation[] {
  const same = known.find((one) => one.rootSha256 === seen.rootSha256 && one.tee === seen.tee)
  if (same !== undefined && same.number >= seen.number) return known
  // A server has had so many roots only if somebody fills the list; the ones of longest ago give way.
  return [...known.filter((one) => one !== same), seen].slice(-MOST_OF_A_SERVER)
}

/** As text, with the server's address for people and against mix-ups. */
export function evaluationsText(server: string, seen: readonly SeenEvaluation[]): string {
  return `${JSON.stringify({ version: 1, server, seen })}\n`
}

/** @throws {BlindAiError} `EVALUATION_MEMORY_UNREADABLE` for text that is not of `evaluationsText` for this server. */
export function readEvaluations(server: string, text: string | Uint8Array): readonly SeenEvaluation[] {
  try {
    return parseEvaluations(server, typeof text === 'string' ? text : fromUtf8('evaluation memory', text))
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new BlindAiError('EVALUATION_MEMORY_UNREADABLE', { server, reason: cause.code }, { cause })
  }
}

function parseEvaluations(server: string, text: string): readonly SeenEvaluation[] {
  const field = 'evaluation memory'
  const whole = membersOf(field, parseJson(field, text), ['version', 'server', 'seen'])
  if (whole.version !== 1) throw wrong(`${field}.version`, '1')
  if (whole.server !== server) throw wrong(`${field}.server`, 'the server that is asked about')
  const { seen } = whole
  if (!isList(seen) || seen.length > MOST_OF_A_SERVER)
    throw wrong(`${field}.seen`, `a list of at most ${MOST_OF_A_SERVER}`)
  return seen.map((item, i) => parseSeen(`${field}.seen[${i}]`, item))
}

function parseSeen(field: string, value: JsonValue): SeenEvaluation {
  const { rootSha256, tee, number } = membersOf(field, value, ['rootSha256', 'tee', 'number'])
  if (typeof rootSha256 !== 'string' || !ROOT_SHA256.test(rootSha256)) throw wrong(`${field}.rootSha256`, 'a SHA-256')
  if (tee !== 'tdx' && tee !== 'sgx') throw wrong(`${field}.tee`, 'tdx or sgx')
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
    throw wrong(`${field}.number`, 'a number')
  return { rootSha256, tee, number }
}

function membersOf(field: string, value: JsonValue, names: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || isList(value)) {
    throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
  }
  const unknown = Object.keys(value).find((member) => !names.includes(member))
  if (unknown !== undefined) throw new MalformedError('UNKNOWN_MEMBER', { field, member: unknown.slice(0, 64) })
  return value
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function wrong(field: string, expected: string): MalformedError<'WRONG_VALUE'> {
  return new MalformedError('WRONG_VALUE', { field, expected })
}
