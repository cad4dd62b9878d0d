import { isDeepStrictEqual } from 'node:util'
import { fromUtf8, MalformedError, parseJson } from '@blindai/core'
import { type AttestationResult, CHECK_SUMMARIES, type EvidenceResult } from '@blindai/verifier'
import { anything, hex, list, membersOf, natural, object, oneOf, type Shape, text } from './shape.ts'
import { parseTime } from './time.ts'

/** The most bytes of a saved result; real ones have under 32,000. */
const MAX_RESULT_BYTES = 1_048_576

const ERROR = object({
  code: text,
  answer: oneOf('malformed', 'not-proved', 'not-wanted'),
  message: text,
  hint: text,
  details: anything,
})
const CHECK = object(
  { code: oneOf(...Object.keys(CHECK_SUMMARIES)), status: oneOf('passed', 'failed', 'skipped'), summary: text },
  { error: ERROR },
)

/** Members that mean the same in every format; those that one format has are shown by programs, not by `explain`. */
const COMMON_CLAIMS = { format: text, reportData: hex() }
const OPTIONAL_CLAIMS = {
  release: text,
  releaseSource: oneOf('image', 'files', 'trust-on-first-use'),
  paddingBytes: natural,
  signedAt: text,
  config: object({}, {}, anything),
  software: object({}, {}, anything),
}
const TEE_CLAIMS = object({ ...COMMON_CLAIMS, rootSha256: hex(32) }, OPTIONAL_CLAIMS, anything)

/** What `explain` shows of a TPM besides. */
const TPM_CLAIMS = object(
  {
    ...COMMON_CLAIMS,
    attestationKey: object(
      { name: hex(), attributeNames: list(text), signature: text },
      { boundBy: oneOf('policy', 'certificate') },
    ),
    clock: object({ milliseconds: text, resetCount: natural, restartCount: natural, safe: oneOf(true, false) }),
  },
  {
    ...OPTIONAL_CLAIMS,
    rootSha256: hex(32),
    ekRootSha256: hex(32),
    eventLog: object({ events: natural, registers: list(text), unexplained: list(text) }),
  },
  anything,
)
const CLAIMS: Shape = (field, value) =>
  (membersOf(field, value).has('attestationKey') ? TPM_CLAIMS : TEE_CLAIMS)(field, value)

const PART = object({ status: text, tcbDate: text, advisoryIds: list(text) })
const DCAP_GAP = object({ component: text, has: natural, needs: natural, advisoryIds: list(text) })
const DCAP_TCB = object(
  {
    status: text,
    tcbDate: text,
    advisoryIds: list(text),
    tcbEvaluationDataNumber: natural,
    platform: PART,
    qe: PART,
    gaps: list(DCAP_GAP),
  },
  { tdxModule: PART, current: text },
)
const SNP_VERSION = object({ bootLoader: natural, tee: natural, snp: natural, microcode: natural }, { fmc: natural })
const SNP_TCB = object({
  status: oneOf('UpToDate', 'OutOfDate'),
  reported: SNP_VERSION,
  committed: SNP_VERSION,
  current: SNP_VERSION,
  launch: SNP_VERSION,
  gaps: list(object({ tcb: text, component: text, has: natural, needs: natural })),
})
const TCB: Shape = (field, value) => (membersOf(field, value).has('reported') ? SNP_TCB : DCAP_TCB)(field, value)

const KEY = object({ kty: oneOf('OKP'), crv: oneOf('Ed25519'), x: text })
const CHANNEL = object({
  statementSha256: hex(32),
  tls: list(hex(32)),
  ohttp: text,
  channelKey: KEY,
  receiptsKey: KEY,
  notBefore: natural,
  notAfter: natural,
})

/** Numbers only: a result has one spelling of a time. */
const seconds: Shape = (field, value) => {
  parseTime(field, typeof value === 'number' ? value : undefined)
}

const COMMON: Readonly<Record<string, Shape>> = {
  version: oneOf(1),
  scope: oneOf('document', 'evidence-only'),
  status: oneOf('affirming', 'warning', 'contraindicated', 'none'),
  policy: text,
  now: seconds,
  trustClass: oneOf('none', 'simulated', 'measured-boot', 'hardware'),
  trustFlags: list(oneOf('code')),
  checks: list(CHECK),
}
const OPTIONAL: Readonly<Record<string, Shape>> = { claims: CLAIMS, tcb: TCB, failed: CHECK }
const EVIDENCE_RESULT = object(COMMON, OPTIONAL)
const DOCUMENT_RESULT = object({ ...COMMON, freshness: oneOf('nonce', 'skipped') }, { ...OPTIONAL, channel: CHANNEL })

/**
 * Parses a result that was saved. Its form is checked, and that its parts agree with each other; nothing is verified again,
 * so it is worth as much as the place where it was kept.
 *
 * @throws {MalformedError} as `parseJson` and `Shape`.
 */
export function parseSavedResult(bytes: Uint8Array): AttestationResult | EvidenceResult {
  if (bytes.byteLength > MAX_RESULT_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'result', length: bytes.byteLength, limit: MAX_RESULT_BYTES })
  }
  const value: unknown = parseJson('result', fromUtf8('result', bytes))
  requireResult(value)
  return value
}

function requireResult(value: unknown): asserts value is AttestationResult | EvidenceResult {
  const members = membersOf('result', value)
  const isDocument = members.get('scope') === 'document'
  const shape = isDocument ? DOCUMENT_RESULT : EVIDENCE_RESULT
  shape('result', value)
  requireAgreement(members)
  if (isDocument)
    requireThat(members.has('channel') === (members.get('status') === 'affirming'), 'channel', 'for affirming')
}

/** How the check that decided ended, by what it decided. */
const DECIDED_BY: Readonly<Record<string, string | undefined>> = {
  affirming: undefined,
  warning: 'skipped',
  contraindicated: 'failed',
  none: 'failed',
}

function requireAgreement(members: ReadonlyMap<string, unknown>): void {
  const status = String(members.get('status'))
  const failed = members.get('failed')
  const checks = members.get('checks')
  const decided = failed === undefined ? undefined : membersOf('result.failed', failed).get('status')
  requireThat(decided === DECIDED_BY[status], 'failed', 'the check that decided')
  const isListed = Array.isArray(checks) && checks.some((check) => isDeepStrictEqual(check, failed))
  requireThat(failed === undefined || isListed, 'failed', 'one of the checks')
  const isProved = status !== 'none'
  requireThat(members.has('claims') === isProved, 'claims', 'of proved evidence')
  requireThat(isProved || !members.has('tcb'), 'tcb', 'of proved evidence')
  const ended = Array.isArray(checks) ? checks.map((check) => membersOf('check', check)) : []
  // A TPM's key that nobody vouches for: the quote holds, and stands for no class.
  const isUnbound = ended.some((check) => check.get('code') === 'tpm.ak-bound' && check.get('status') === 'skipped')
  requireThat(
    (members.get('trustClass') !== 'none') === (isProved && !isUnbound),
    'trustClass',
    'that of proved evidence',
  )
  const failures = ended.filter((check) => check.get('status') === 'failed')
  requireThat(failures.length === 0 || decided === 'failed', 'status', 'lower, because a check failed')
}

function requireThat(isSo: boolean, member: string, expected: string): void {
  if (!isSo) throw new MalformedError('WRONG_VALUE', { field: `result.${member}`, expected })
}
