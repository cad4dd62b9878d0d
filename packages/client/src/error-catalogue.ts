import type { CatalogueRow } from '@blindai/core'
import type { ErrorFamily } from './errors.ts'

/** A row that also says what a program can do. */
export interface FamilyRow<Details> extends CatalogueRow<Details> {
  readonly family: ErrorFamily
}

/** One row for each code of a `Details` map. */
export type FamilyCatalogue<DetailsByCode extends object> = {
  readonly [Code in keyof DetailsByCode]: FamilyRow<DetailsByCode[Code]>
}

/** The facts that go with each code that this package itself finds. */
export interface ClientErrorDetails {
  // Fix: what the caller gave.
  OPTION_INVALID: { readonly option: string; readonly expected: string }
  POLICY_INVALID: { readonly reason: string }
  BUNDLE_INVALID: { readonly expected: string }
  TRANSPORT_UNAVAILABLE: { readonly transport: string; readonly reason: string }
  SESSION_CLOSED: Record<never, never>
  SOURCE_UNREADABLE: { readonly what: string; readonly reason: string }
  SOURCE_CHANGED: { readonly offset: number; readonly expected: number; readonly actual: number }
  SOURCE_TOO_LARGE: { readonly what: string; readonly size: number; readonly limit: number }
  INPUT_UNRECOGNISED: { readonly index: number; readonly size: number }
  TENSOR_INVALID: { readonly reason: string }
  TASK_UNKNOWN: { readonly model: string }
  NOT_A_BLINDAI_SERVER: { readonly resource: string; readonly status: number; readonly reason: string }
  TLS_HANDSHAKE_FAILED: { readonly reason: string }
  RESPONSE_TOO_LARGE: { readonly what: string; readonly limit: number }
  EVALUATION_MEMORY_UNREADABLE: { readonly server: string; readonly reason: string }
  EVALUATION_MEMORY_UNWRITABLE: { readonly server: string; readonly reason: string }
  CLOCK_REFUSED: { readonly now: number; readonly serverDate: number }
  // Retry: what the network or a busy server did.
  CONNECTION_FAILED: { readonly reason: string }
  CONNECTION_LOST: { readonly what: string }
  TIMED_OUT: { readonly what: string; readonly timeoutMs: number }
  DOCUMENT_UNAVAILABLE: { readonly status: number }
  OHTTP_BUSY: { readonly status: number; readonly serverCode: string }
  RESPONSE_TRUNCATED: { readonly what: string }
  TOO_MANY_CALLS: { readonly limit: number }
  UPLOAD_STALLED: { readonly offset: number; readonly attempts: number }
  // Stop: who answers is not who was verified, or not what the policy wants.
  EVIDENCE_REFUSED: { readonly status: string; readonly check: string; readonly reason: string }
  MODEL_NOT_ALLOWED: { readonly model: string; readonly sha256: string }
  CHANNEL_KEY_CHANGED: { readonly spkiSha256: string }
  CHANNEL_PROOF_FAILED: { readonly reason: 'status' | 'malformed' | 'statement' | 'signature' }
  KEYS_EXPIRED: { readonly notAfter: number; readonly now: number }
  OHTTP_KEY_UNKNOWN: { readonly status: number }
  OHTTP_REFUSED: { readonly status: number; readonly serverCode: string }
  POST_QUANTUM_UNAVAILABLE: { readonly reason: string }
  RESPONSE_NOT_AUTHENTIC: { readonly reason: string }
  RECEIPT_REFUSED: { readonly reason: string }
  RESPONSE_MALFORMED: { readonly what: string; readonly reason: string }
}

/** Messages, hints and families of the codes that this package itself finds. */
export const CLIENT_CATALOGUE: FamilyCatalogue<ClientErrorDetails> = {
  OPTION_INVALID: {
    family: 'fix',
    message: (d) => `${d.option} is not ${d.expected}`,
    hint: 'Correct the option.',
  },
  POLICY_INVALID: {
    family: 'fix',
    message: (d) => `the policy cannot be used: ${d.reason}`,
    hint: 'Correct the policy file; `blindai policy init` writes one.',
  },
  BUNDLE_INVALID: {
    family: 'fix',
    message: (d) => `the evidence bundle is not ${d.expected}`,
    hint: 'Pass the file as `run --evidence` wrote it.',
  },
  TRANSPORT_UNAVAILABLE: {
    family: 'fix',
    message: (d) => `the transport ${d.transport} cannot be used here: ${d.reason}`,
    hint: 'Choose the transport "ohttp", or run in Node against an https address.',
  },
  SESSION_CLOSED: {
    family: 'fix',
    message: () => 'the session is closed',
    hint: 'Connect again.',
  },
  SOURCE_UNREADABLE: {
    family: 'fix',
    message: (d) => `${d.what} cannot be read: ${d.reason}`,
    hint: 'Check the path, its permissions and what the folder holds.',
  },
  SOURCE_CHANGED: {
    family: 'fix',
    message: (d) => `the source gave ${d.actual} bytes at ${d.offset} where it had ${d.expected}`,
    hint: 'Leave the files as they are until the upload has ended.',
  },
  SOURCE_TOO_LARGE: {
    family: 'fix',
    message: (d) => `${d.what} has ${d.size} bytes; at most ${d.limit} are possible here`,
    hint: 'Send less, or upload from Node, where files are streamed.',
  },
  INPUT_UNRECOGNISED: {
    family: 'fix',
    message: (d) => `input ${d.index} (${d.size} bytes) is neither text nor a known image or sound`,
    hint: 'Give text as a string, an image as JPEG, PNG or WebP, and sound as WAV.',
  },
  TENSOR_INVALID: {
    family: 'fix',
    message: (d) => `the tensors cannot be encoded: ${d.reason}`,
    hint: 'Give data that has the datatype and the shape that the tensor names.',
  },
  TASK_UNKNOWN: {
    family: 'fix',
    message: (d) => `the model ${d.model} has no task`,
    hint: 'Name the task, or call infer with tensors.',
  },
  NOT_A_BLINDAI_SERVER: {
    family: 'fix',
    message: (d) => `${d.resource} answered ${d.status}: ${d.reason}`,
    hint: 'Check the address: a BlindAI server answers there, without a redirect.',
  },
  TLS_HANDSHAKE_FAILED: {
    family: 'fix',
    message: (d) => `no TLS 1.3 connection could be made: ${d.reason}`,
    hint: 'Check that the address is the server itself, not a proxy that ends TLS; through such a proxy use "ohttp".',
  },
  RESPONSE_TOO_LARGE: {
    family: 'fix',
    message: (d) => `${d.what} has more than ${d.limit} bytes`,
    hint: 'Raise the limit, or ask for less.',
  },
  EVALUATION_MEMORY_UNREADABLE: {
    family: 'fix',
    message: (d) => `what is remembered of ${d.server} cannot be read: ${d.reason}`,
    hint: 'Find out what happened to it, then delete it; what the server shows next is believed again.',
  },
  EVALUATION_MEMORY_UNWRITABLE: {
    family: 'fix',
    message: (d) => `what ${d.server} has shown cannot be remembered: ${d.reason}`,
    hint: 'Make room, or let the memory be written where it is kept.',
  },
  CLOCK_REFUSED: {
    family: 'fix',
    message: (d) => `the server refuses requests of ${d.now}, and of ${d.serverDate}, its own time`,
    hint: 'Set the clock behind `now`.',
  },
  CONNECTION_FAILED: {
    family: 'retry',
    message: (d) => `no connection could be made: ${d.reason}`,
    hint: 'Check the address and that the server runs, then try again.',
  },
  CONNECTION_LOST: {
    family: 'retry',
    message: (d) => `the connection ended during ${d.what}`,
    hint: 'Try again.',
  },
  TIMED_OUT: {
    family: 'retry',
    message: (d) => `${d.what} took longer than ${d.timeoutMs} ms`,
    hint: 'Try again, or allow more time.',
  },
  DOCUMENT_UNAVAILABLE: {
    family: 'retry',
    message: (d) => `the server has no evidence to give now: status ${d.status}`,
    hint: 'Try again in a moment.',
  },
  OHTTP_BUSY: {
    family: 'retry',
    message: (d) => `the Oblivious HTTP resource refuses for now: status ${d.status}, ${d.serverCode}`,
    hint: 'Try again in a moment.',
  },
  RESPONSE_TRUNCATED: {
    family: 'retry',
    message: (d) => `${d.what} ended before its last chunk`,
    hint: 'Throw away what came, and try again.',
  },
  TOO_MANY_CALLS: {
    family: 'retry',
    message: (d) => `${d.limit} calls wait for a connection, as many as may`,
    hint: 'Wait for answers before sending more.',
  },
  UPLOAD_STALLED: {
    family: 'retry',
    message: (d) => `the upload made no progress at ${d.offset} in ${d.attempts} attempts`,
    hint: 'Try again: what the server holds is kept for a while.',
  },
  EVIDENCE_REFUSED: {
    family: 'stop',
    message: (d) => `the evidence is ${d.status}, not affirming: ${d.check} says ${d.reason}`,
    hint: 'Read the report; send nothing to this server unless a policy that you have reviewed accepts it.',
  },
  MODEL_NOT_ALLOWED: {
    family: 'stop',
    message: (d) => `the model ${d.model} is ${d.sha256}, which the policy does not name`,
    hint: 'Find out what changed; if you want this model, add its digest to `models` of the policy.',
  },
  CHANNEL_KEY_CHANGED: {
    family: 'stop',
    message: (d) => `the connection has the key ${d.spkiSha256}, which the evidence does not name`,
    hint: 'Send nothing: something between you and the enclave answers in its place.',
  },
  CHANNEL_PROOF_FAILED: {
    family: 'stop',
    message: (d) => `the connection does not prove that it ends in the enclave: ${d.reason}`,
    hint: 'Send nothing: something between you and the enclave answers in its place.',
  },
  KEYS_EXPIRED: {
    family: 'stop',
    message: (d) => `the enclave's keys ended at ${d.notAfter}; now is ${d.now}`,
    hint: 'Check the clock behind `now`; otherwise the server must be started again.',
  },
  OHTTP_KEY_UNKNOWN: {
    family: 'stop',
    message: (d) => `the server does not know the key that its evidence names: status ${d.status}`,
    hint: 'Send nothing: something between you and the enclave answers in its place.',
  },
  OHTTP_REFUSED: {
    family: 'stop',
    message: (d) => `the Oblivious HTTP resource refuses: status ${d.status}, ${d.serverCode}`,
    hint: 'Check what stands between you and the server.',
  },
  POST_QUANTUM_UNAVAILABLE: {
    family: 'stop',
    message: (d) => `the policy requires post-quantum key exchange: ${d.reason}`,
    hint: 'Use a server and a platform that have MLKEM768-X25519, or change the policy.',
  },
  RESPONSE_NOT_AUTHENTIC: {
    family: 'stop',
    message: (d) => `the answer was not sealed by the enclave: ${d.reason}`,
    hint: 'Do not use the answer: something between you and the enclave answers in its place.',
  },
  RECEIPT_REFUSED: {
    family: 'stop',
    message: (d) => `the answer came without a receipt that shows it (${d.reason})`,
    hint: 'Do not rely on the answer; if it happens again, tell the operator.',
  },
  RESPONSE_MALFORMED: {
    family: 'stop',
    message: (d) => `${d.what} is not what the protocol says: ${d.reason}`,
    hint: 'Use a client and a server of versions that go together.',
  },
}
