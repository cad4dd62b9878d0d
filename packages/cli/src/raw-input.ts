import { fromUtf8, type JsonValue, MalformedError, parseJson, type UnixSeconds } from '@blindai/core'
import { type BareEvidence, parseDocument } from '@blindai/verifier'
import { isJsonObject } from './json-object.ts'
import { anything, object, oneOf } from './shape.ts'
import { parseTime } from './time.ts'

/** The most bytes of an input: evidence, log, endorsements and policy at their own limits fit. */
const MAX_RAW_INPUT_BYTES = 8_388_608

/** What `verify --raw` is given; `docs/verify-contract.md` has every member. */
export interface RawInput {
  readonly evidence: BareEvidence
  /** Absent: the command line has to say. */
  readonly now?: UnixSeconds
  /** Not parsed yet: a policy that is refused is no answer about the evidence. */
  readonly policy?: JsonValue
}

const SHAPE = object(
  { version: oneOf(1), evidence: anything },
  { endorsements: anything, now: anything, policy: object({}, {}, anything) },
)

/**
 * Parses bare evidence with what it is judged by. `evidence` is read by the parser of attestation documents, so it has the
 * same members and limits, and is called `document.evidence` in errors; `endorsements` is left for the format to read.
 *
 * @throws {MalformedError} `TOO_LONG`, `NOT_UTF8`, `NOT_JSON`, `JSON_TOO_DEEP`, `DUPLICATE_MEMBER`, `UNKNOWN_MEMBER`,
 * `MISSING_MEMBER`, `WRONG_TYPE`, `WRONG_VALUE`, `NOT_BASE64URL`.
 */
export function parseRawInput(bytes: Uint8Array): RawInput {
  if (bytes.byteLength > MAX_RAW_INPUT_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'input', length: bytes.byteLength, limit: MAX_RAW_INPUT_BYTES })
  }
  const input = parseJson('input', fromUtf8('input', bytes))
  SHAPE('input', input)
  if (!isJsonObject(input)) throw new MalformedError('WRONG_TYPE', { field: 'input', expected: 'an object' })
  const { evidence = null, endorsements, now, policy } = input
  const document = parseDocument({
    statement: '',
    nonce: '',
    evidence,
    ...(endorsements !== undefined && { endorsements }),
  })
  return {
    evidence: { ...document.evidence, ...('endorsements' in document && { endorsements: document.endorsements }) },
    ...(now !== undefined && { now: parseTime('input.now', now) }),
    ...(policy !== undefined && { policy }),
  }
}
