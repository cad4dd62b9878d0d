import {
  type AttestationDocument,
  type EvidenceFormat,
  fromBase64Url,
  fromUtf8,
  type JsonValue,
  MAX_SHARED_NONCES,
  MalformedError,
  NONCE_BYTES,
  parseJson,
} from '@blindai/core'
import { ObjectReader, text } from '../json/object-reader.ts'
import { MAX_STATEMENT_BYTES } from './statement.ts'

/** The most bytes of a document. */
export const MAX_DOCUMENT_BYTES = 4_194_304

const MAX_EVIDENCE_BYTES = 65_536
const MAX_LOG_BYTES = 1_048_576
const FORMATS: readonly EvidenceFormat[] = [
  'tdx',
  'sgx',
  'simulated-sgx',
  'sev-snp',
  'tpm',
  'nitro',
  'nvidia',
  'simulated',
  'simulated-sev-snp',
  'simulated-nitro',
  'simulated-tpm',
  'azure-hcl',
  'simulated-azure-hcl',
]

/** What a server answers, with its bytes decoded and nothing in it believed. */
export interface ParsedDocument {
  readonly statement: Uint8Array
  /** 32 bytes, or none for evidence that answers nobody. */
  readonly nonce: Uint8Array
  /** All that share the evidence; undefined when nobody does. */
  readonly nonces?: readonly Uint8Array[]
  readonly evidence: ParsedEvidence
  /** Left for the format to read; undefined when none were stapled. */
  readonly endorsements?: unknown
}

/** Evidence of a format that it claims. */
export interface ParsedEvidence {
  readonly format: EvidenceFormat
  readonly bytes: Uint8Array
  readonly log?: Uint8Array
}

/**
 * Parses what `GET /.well-known/blindai/attestation` answers.
 *
 * @param input - its UTF-8 bytes, or the JSON value; only of bytes can a repeated member be seen.
 * @throws {MalformedError} `TOO_LONG`, `NOT_UTF8`, `NOT_JSON`, `JSON_TOO_DEEP`, `DUPLICATE_MEMBER`, `UNKNOWN_MEMBER`,
 * `MISSING_MEMBER`, `WRONG_TYPE`, `WRONG_VALUE`, `NOT_BASE64URL`, `WRONG_LENGTH`.
 */
export function parseDocument(input: Uint8Array | JsonValue | AttestationDocument): ParsedDocument {
  const r = new ObjectReader('document', input instanceof Uint8Array ? parseBytes(input) : input)
  const document = {
    statement: r.bytes('statement', { most: MAX_STATEMENT_BYTES }),
    nonce: readNonce('document.nonce', r.string('nonce', MAX_NONCE_TEXT), true),
    ...(r.has('nonces') && { nonces: readNonces(r) }),
    evidence: readEvidence(r.object('evidence')),
    ...(r.has('endorsements') && { endorsements: r.value('endorsements') }),
  }
  r.end()
  return document
}

function parseBytes(input: Uint8Array): JsonValue {
  if (input.byteLength > MAX_DOCUMENT_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'document', length: input.byteLength, limit: MAX_DOCUMENT_BYTES })
  }
  return parseJson('document', fromUtf8('document', input))
}

const MAX_NONCE_TEXT = 43

function readNonces(r: ObjectReader): readonly Uint8Array[] {
  const nonces = r.array('nonces', MAX_SHARED_NONCES).map((item, i) => {
    const field = `document.nonces[${i}]`
    return readNonce(field, text(field, item, MAX_NONCE_TEXT), false)
  })
  if (nonces.length > 0) return nonces
  throw new MalformedError('WRONG_VALUE', { field: 'document.nonces', expected: 'not empty' })
}

function readNonce(field: string, value: string, mayBeEmpty: boolean): Uint8Array {
  const nonce = fromBase64Url(field, value)
  if (nonce.byteLength === NONCE_BYTES || (mayBeEmpty && nonce.byteLength === 0)) return nonce
  throw new MalformedError('WRONG_LENGTH', { field, expected: NONCE_BYTES, actual: nonce.byteLength })
}

function readEvidence(r: ObjectReader): ParsedEvidence {
  const evidence = {
    format: r.word('format', FORMATS),
    bytes: r.bytes('bytes', { most: MAX_EVIDENCE_BYTES }),
    ...(r.has('log') && { log: r.bytes('log', { most: MAX_LOG_BYTES }) }),
  }
  r.end()
  return evidence
}
