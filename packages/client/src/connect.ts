import { type Endorsements, isMalformedError, type JsonValue, type UnixSeconds, unixSeconds } from '@blindai/core'
import { type Policy, parsePolicy } from '@blindai/verifier'
import { defaultTransport, openTls } from '#transport'
import type { AttestedChannel, ChannelSettings, OpenChannel, TransportName } from './attested-channel.ts'
import { ChannelKeeper } from './channel-keeper.ts'
import { DEFAULT_TIMEOUTS, type Timeouts, withDeadline } from './deadline.ts'
import { ChannelApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import { type EvaluationMemory, processEvaluationMemory, rememberResult } from './evaluation-memory.ts'
import { openOhttp } from './ohttp-channel.ts'
import { OpenSession, type Session } from './session.ts'
import { parseServerUrl } from './url.ts'

/** What to connect to, and what to demand of it. */
export interface ConnectOptions {
  /** `https://host:port`; for Oblivious HTTP also `http:`, and a path where a proxy needs one. */
  readonly url: string | URL
  /** From `parsePolicy`, or what that parses. There is no default. */
  readonly policy: Policy | JsonValue
  /** Leaves only inside the channel. */
  readonly apiKey?: string | undefined
  /** `tls` in Node for https addresses, `ohttp` otherwise. */
  readonly transport?: TransportName | undefined
  /** Carries Oblivious HTTP; for addresses that need a proxy or an authority of their own. */
  readonly fetch?: typeof fetch | undefined
  /** The time in whole Unix seconds that evidence is judged at. */
  readonly now?: (() => number) | undefined
  /** The caller's own endorsements, in place of those that the server staples. */
  readonly endorsements?: Endorsements | undefined
  /** Where the TCB evaluation numbers of servers are remembered; in the process without it. */
  readonly evaluationMemory?: EvaluationMemory | undefined
  readonly timeouts?: Partial<Timeouts> | undefined
  /** The largest answer that is read, in bytes. */
  readonly maxResponseBytes?: number | undefined
  /** The largest number of TLS connections at once. */
  readonly maxConnections?: number | undefined
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal | undefined
}

/** Of all sessions that are given no memory of their own. */
const SHARED_MEMORY = processEvaluationMemory()

const DEFAULT_MAX_RESPONSE_BYTES = 256 * 1024 * 1024
const DEFAULT_MAX_CONNECTIONS = 16
/** Visible ASCII, so that a key fits a header and nothing else does. */
const API_KEY = /^[\x21-\x7e]{1,512}$/

/**
 * Asks a server for evidence, verifies it against a policy, and opens a channel that ends in the enclave it speaks of.
 * Nothing else leaves before the result is affirming, and nothing weaker is tried when it is not.
 *
 * @throws {BlindAiError} `EVIDENCE_REFUSED` with the report; `CHANNEL_PROOF_FAILED`; `CONNECTION_FAILED`; …
 * @example
 * const session = await connect({ url: 'https://127.0.0.1:8443', policy, apiKey })
 * const { outputs } = await session.run('mobilenet', photograph, { task: 'image-classification' })
 * await session.close()
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const server = parseServerUrl(options.url)
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const settings: ChannelSettings = {
    server,
    policy: policyOf(options.policy),
    now: clockOf(options.now),
    ...(options.endorsements === undefined ? {} : { endorsements: options.endorsements }),
    timeouts,
    maxResponseBytes: positive('maxResponseBytes', options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES),
    maxConnections: positive('maxConnections', options.maxConnections ?? DEFAULT_MAX_CONNECTIONS),
    // Called without a receiver, as browsers demand.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  }
  const open = openerOf(options.transport ?? defaultTransport(server))
  const memory = options.evaluationMemory ?? SHARED_MEMORY
  const attest = (signal?: AbortSignal): Promise<AttestedChannel> =>
    withDeadline('the attestation', timeouts.attestationMs, signal, (inner) =>
      openRemembering(open, settings, memory, inner),
    )
  const apiKey = checkApiKey(options.apiKey)
  const keeper = new ChannelKeeper(await attest(options.signal), () => attest(), {
    now: settings.now,
    maximumEvidenceAgeSeconds: settings.policy.maximumEvidenceAgeSeconds,
  })
  const api = new ChannelApi(keeper, apiKey, timeouts, settings.maxResponseBytes)
  return new OpenSession(keeper, api, settings.policy.models)
}

/** Holds a server to what it has shown, and keeps what it shows once the channel is proved. */
async function openRemembering(
  open: OpenChannel,
  settings: ChannelSettings,
  memory: EvaluationMemory,
  signal: AbortSignal,
): Promise<AttestedChannel> {
  const server = settings.server.href
  const channel = await open({ ...settings, remembered: await memory.recall(server) }, signal)
  try {
    await rememberResult(memory, server, channel.result)
    return channel
  } catch (error) {
    channel.close()
    throw error
  }
}

function openerOf(transport: TransportName): OpenChannel {
  if (transport === 'tls') return openTls
  if (transport === 'ohttp') return openOhttp
  throw new BlindAiError('OPTION_INVALID', { option: 'transport', expected: '"tls" or "ohttp"' })
}

function policyOf(policy: Policy | JsonValue): Policy {
  if (isPolicy(policy)) return policy
  try {
    return parsePolicy(policy)
  } catch (cause) {
    if (!(cause instanceof Error) || (!isMalformedError(cause) && cause.name !== 'PolicyError')) throw cause
    throw new BlindAiError('POLICY_INVALID', { reason: cause.message }, { cause })
  }
}

/** What `parsePolicy` gives is frozen; should something else be, `verify` refuses it. */
function isPolicy(policy: Policy | JsonValue): policy is Policy {
  return typeof policy === 'object' && policy !== null && Object.isFrozen(policy)
}

function clockOf(now: (() => number) | undefined): () => UnixSeconds {
  return () => unixSeconds(now === undefined ? Math.floor(Date.now() / 1000) : now())
}

function checkApiKey(apiKey: string | undefined): string | undefined {
  if (apiKey === undefined || API_KEY.test(apiKey)) return apiKey
  throw new BlindAiError('OPTION_INVALID', { option: 'apiKey', expected: 'from 1 to 512 visible ASCII characters' })
}

function positive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new BlindAiError('OPTION_INVALID', { option, expected: 'a positive whole number' })
}
