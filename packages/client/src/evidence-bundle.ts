import {
  fromBase64Url,
  fromHex,
  fromUtf8,
  isMalformedError,
  type JsonObject,
  type JsonValue,
  parseJson,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { type BodyDigest, isReceiptError, parseReceipt, type Receipt, verifyReceipt } from '@blindai/receipts'
import { type AttestationResult, isPolicyError, type Policy, parsePolicy, verify } from '@blindai/verifier'
import { BlindAiError } from './errors.ts'
import type { HeldReceipt } from './receipt.ts'

/**
 * One file with which somebody else checks later what an enclave did: the attestation document with its endorsements, the
 * receipt, the policy that it was judged by, and what came out then.
 *
 * Nothing in it is believed because it is there. The document is verified again, at the time that the receipt names, and the
 * receipt by the keys that come out of that.
 */

const TYPE = 'blindai-evidence-bundle'
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024
const SHA256_HEX = /^[0-9a-f]{64}$/

/** What a bundle is made of. */
export interface BundleParts {
  /** `session.document`: the bytes as they came. */
  readonly document: Uint8Array
  /** As it stands in its file. */
  readonly policy: JsonValue
  /** Of a call that asked for one; the text alone will do. */
  readonly receipt: Pick<HeldReceipt, 'token' | 'salt' | 'request' | 'response'>
  /** `session.result`: for a person to compare; nothing is concluded from it. */
  readonly result?: AttestationResult
  /** Leave the salt and the digests of the bodies out: then nobody can connect the receipt with a request and an answer. */
  readonly withoutSalt?: boolean
}

/** How to check a bundle. */
export interface BundleOptions {
  /** The checker's own policy, in place of the one that the bundle brings. */
  readonly policy?: Policy | JsonValue | undefined
  /** Unix seconds to judge the evidence at, in place of the time that the receipt names. */
  readonly now?: number | undefined
  /** The bodies, where the checker has them: digests of what was sent and received. */
  readonly request?: BodyDigest | undefined
  readonly response?: BodyDigest | undefined
}

/** What came out. The receipt is there only when the evidence affirmed the keys that signed it. */
export type BundleVerdict = {
  readonly judgedAt: number
  /** Whose policy it was judged by. */
  readonly judgedBy: 'own policy' | 'policy of the bundle'
  /** What this does not prove, in sentences for a person. */
  readonly limits: readonly string[]
} & (
  | { readonly result: Extract<AttestationResult, { status: 'affirming' }>; readonly receipt: Receipt }
  | { readonly result: Exclude<AttestationResult, { status: 'affirming' }>; readonly receipt?: never }
)

/** Writes a bundle, as UTF-8 JSON. */
export function createEvidenceBundle(parts: BundleParts): Uint8Array {
  const { document, policy, receipt, result, withoutSalt = false } = parts
  const { token, salt, request, response } = receipt
  const run =
    withoutSalt || salt === undefined || request === undefined || response === undefined
      ? {}
      : { salt: toBase64Url(salt), request: bodyToJson(request), response: bodyToJson(response) }
  return utf8(
    JSON.stringify({
      type: TYPE,
      version: 1,
      document: toBase64Url(document),
      policy,
      receipt: { token, ...run },
      result,
    }),
  )
}

/**
 * Checks a bundle offline.
 *
 * @throws {BlindAiError} `BUNDLE_INVALID`; `POLICY_INVALID` for the caller's own policy, and `OPTION_INVALID` for its `now`;
 * `RECEIPT_REFUSED` with the code of the receipt as its reason, when the receipt cannot be read, or when the evidence is
 * affirming and the receipt is not by its keys or not of these bodies.
 */
export async function verifyEvidenceBundle(bundle: Uint8Array, options: BundleOptions = {}): Promise<BundleVerdict> {
  const parts = parseBundle(bundle)
  const policy = policyOf(options.policy ?? parts.policy, options.policy !== undefined)
  const judgedAt = options.now === undefined ? unixSeconds(receiptOf(parts.token).hostTime) : nowOf(options.now)
  const result = await verify(parts.document, policy, { now: judgedAt })
  const judged = {
    judgedAt,
    judgedBy: options.policy === undefined ? 'policy of the bundle' : 'own policy',
    limits: limitsOf(result, parts, options),
  } as const
  if (result.status !== 'affirming') return { ...judged, result }
  const request = options.request ?? parts.request
  const response = options.response ?? parts.response
  try {
    const receipt = await verifyReceipt(parts.token, result.channel, {
      ...(parts.salt && { salt: parts.salt }),
      ...(request && { request }),
      ...(response && { response }),
    })
    return { ...judged, result, receipt }
  } catch (cause) {
    if (!isReceiptError(cause)) throw cause
    throw new BlindAiError('RECEIPT_REFUSED', { reason: cause.code }, { cause, report: result })
  }
}

interface ParsedBundle {
  readonly document: Uint8Array
  readonly policy: JsonValue
  readonly token: string
  readonly salt?: Uint8Array
  readonly request?: BodyDigest
  readonly response?: BodyDigest
}

function parseBundle(bytes: Uint8Array): ParsedBundle {
  if (bytes.byteLength > MAX_BUNDLE_BYTES) throw invalid(`at most ${MAX_BUNDLE_BYTES} bytes long`)
  try {
    const root = object('the bundle', parseJson('bundle', fromUtf8('bundle', bytes)), [
      'type',
      'version',
      'document',
      'policy',
      'receipt',
      'result',
    ])
    if (root.type !== TYPE || root.version !== 1) throw invalid(`of the type ${TYPE} in version 1`)
    const { token, salt, request, response } = object('receipt', root.receipt, ['token', 'salt', 'request', 'response'])
    return {
      document: fromBase64Url('document', text('document', root.document)),
      policy: root.policy ?? null,
      token: text('receipt.token', token),
      ...(salt !== undefined && { salt: saltOf(salt) }),
      ...(request !== undefined && { request: bodyOf('receipt.request', request) }),
      ...(response !== undefined && { response: bodyOf('receipt.response', response) }),
    }
  } catch (cause) {
    if (isMalformedError(cause)) throw new BlindAiError('BUNDLE_INVALID', { expected: cause.message }, { cause })
    throw cause
  }
}

function saltOf(value: JsonValue): Uint8Array {
  const salt = fromBase64Url('salt', text('receipt.salt', value))
  if (salt.byteLength !== 32) throw invalid('made with a salt of 32 bytes')
  return salt
}

function receiptOf(token: string): Receipt {
  try {
    return parseReceipt(token).receipt
  } catch (cause) {
    if (!isReceiptError(cause)) throw cause
    throw new BlindAiError('RECEIPT_REFUSED', { reason: cause.code }, { cause })
  }
}

/** The caller's own time. @throws {BlindAiError} `OPTION_INVALID`. */
function nowOf(value: number): UnixSeconds {
  try {
    return unixSeconds(value)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const expected = 'a whole number of seconds from 1970 to 9999'
    throw new BlindAiError('OPTION_INVALID', { option: 'now', expected }, { cause })
  }
}

function policyOf(policy: Policy | JsonValue, isOwn: boolean): Policy {
  try {
    // A policy that was parsed already is frozen; parsing one again would refuse what it holds.
    return isParsed(policy) ? policy : parsePolicy(policy)
  } catch (cause) {
    if (!isMalformedError(cause) && !isPolicyError(cause)) throw cause
    if (isOwn) throw new BlindAiError('POLICY_INVALID', { reason: cause.message }, { cause })
    throw new BlindAiError(
      'BUNDLE_INVALID',
      { expected: `with a policy that can be read: ${cause.message}` },
      { cause },
    )
  }
}

function isParsed(policy: Policy | JsonValue): policy is Policy {
  return typeof policy === 'object' && policy !== null && Object.isFrozen(policy)
}

function limitsOf(result: AttestationResult, parts: ParsedBundle, options: BundleOptions): readonly string[] {
  const { now, policy, request = parts.request, response = parts.response } = options
  const hasBodies = parts.salt !== undefined && request !== undefined && response !== undefined
  return [
    ...(result.trustClass === 'simulated'
      ? ['A simulated enclave protects nothing, and its receipts show nothing.']
      : []),
    ...(result.trustClass === 'measured-boot' ? ['The operator of the machine could read its memory.'] : []),
    ...(now === undefined ? ['The time is the word of the host; the evidence was judged as of then.'] : []),
    ...(policy === undefined ? ['The policy came with the bundle: whoever made the bundle chose it.'] : []),
    ...(hasBodies
      ? []
      : ['Without the salt and the digests of both bodies it does not show which input and which answer it was.']),
    'Whether the model is good and its answer right is not shown, nor that nothing else ran.',
    'The nonce in the document was not chosen by you, so it does not show when the evidence was made.',
  ]
}

function bodyToJson({ sha256, bytes }: BodyDigest): JsonObject {
  return { sha256: toHex(sha256), bytes }
}

function bodyOf(field: string, value: JsonValue): BodyDigest {
  const { sha256, bytes } = object(field, value, ['sha256', 'bytes'])
  const digest = text(`${field}.sha256`, sha256)
  if (!SHA256_HEX.test(digest)) throw invalid(`made with a SHA-256 in ${field}`)
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0)
    throw invalid(`made with a length in ${field}`)
  return { sha256: fromHex(field, digest), bytes }
}

function object(field: string, value: JsonValue | undefined, known: readonly string[]): JsonObject {
  if (!isObject(value)) throw invalid(`an object at ${field}`)
  if (Object.keys(value).some((name) => !known.includes(name))) throw invalid(`made of ${known.join(', ')} at ${field}`)
  return value
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(field: string, value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw invalid(`made with a text at ${field}`)
}

function invalid(expected: string): BlindAiError<'BUNDLE_INVALID'> {
  return new BlindAiError('BUNDLE_INVALID', { expected })
}
