import { formatUnixSeconds, type UnixSeconds } from '@blindai/core'
import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about the binding of evidence, and about what the policy wants. */
export interface AppraisalErrorDetails {
  REPORT_DATA_MISMATCH: { readonly expected: string; readonly actual: string }
  NONCE_MISMATCH: { readonly expected: string; readonly actual: string }
  NONCE_COMBINATION_MISMATCH: { readonly expected: string; readonly actual: string }
  STATEMENT_NOT_YET_VALID: { readonly notBefore: UnixSeconds; readonly now: UnixSeconds }
  STATEMENT_EXPIRED: { readonly notAfter: UnixSeconds; readonly now: UnixSeconds }
  CHANNEL_KEY_MISMATCH: { readonly expected: readonly string[]; readonly actual: string }
  TRUST_CLASS_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  TCB_STATUS_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  TCB_DATE_TOO_OLD: { readonly minimum: UnixSeconds; readonly actual: UnixSeconds }
  TCB_EVALUATION_NUMBER_TOO_LOW: { readonly subject: string; readonly minimum: number; readonly actual: number }
  TCB_EVALUATION_ROLLED_BACK: { readonly subject: string; readonly remembered: number; readonly actual: number }
  ADVISORY_DENIED: { readonly advisory: string }
  ADVISORY_NOT_ALLOWED: { readonly advisory: string }
  TD_DEBUG: { readonly tdAttributes: string }
  TD_ATTRIBUTE_NOT_ALLOWED: { readonly attribute: string; readonly bit: number; readonly tdAttributes: string }
  TD_ATTRIBUTE_RESERVED: { readonly bit: number; readonly tdAttributes: string }
  TD_ATTRIBUTE_REQUIRED: { readonly attribute: string; readonly bit: number; readonly tdAttributes: string }
  EVIDENCE_AGE_UNKNOWN: { readonly maximumSeconds: number }
  MEASUREMENT_NOT_CHECKED: { readonly format: string }
  MEASUREMENT_MISMATCH: {
    readonly reference: string
    readonly register: string
    readonly expected: string
    readonly actual: string
    readonly differing: readonly string[]
  }
  PLATFORM_DENIED: { readonly identifier: string; readonly value: string }
  PLATFORM_NOT_ALLOWED: { readonly identifier: string; readonly value: string }
  OPERATOR_KEY_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SOFTWARE_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  CONFIG_NOT_ACCEPTED: { readonly member: string; readonly accepted: readonly string[]; readonly actual: string }
}

const RELAY = 'Do not send anything: the evidence may be of another server.'

/** Messages, hints and answers of those codes. */
export const APPRAISAL_ERRORS: AnswerCatalogue<AppraisalErrorDetails> = {
  REPORT_DATA_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the evidence vouches for ${d.actual}; this statement and nonce give ${d.expected}`,
    hint: RELAY,
  },
  NONCE_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the document answers the nonce ${d.actual || '(none)'}; ${d.expected} was asked`,
    hint: 'Ask again with a new nonce; if it happens twice, the server replays old evidence.',
  },
  NONCE_COMBINATION_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the shared nonces combine to ${d.expected}; the document says ${d.actual || '(none)'}`,
    hint: 'Ask again with a new nonce; if it happens twice, the server replays old evidence.',
  },
  STATEMENT_NOT_YET_VALID: {
    answer: 'not-proved',
    message: (d) => `the keys are valid from ${formatUnixSeconds(d.notBefore)}; now is ${formatUnixSeconds(d.now)}`,
    hint: 'Check the clock behind `now`, and the clock of the server.',
  },
  STATEMENT_EXPIRED: {
    answer: 'not-proved',
    message: (d) => `the keys expired at ${formatUnixSeconds(d.notAfter)}; now is ${formatUnixSeconds(d.now)}`,
    hint: 'Fetch the document again; the server should have new keys by now.',
  },
  CHANNEL_KEY_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the connection ends at the key ${d.actual}; the enclave's keys are ${d.expected.join(', ')}`,
    hint: 'Do not send anything: the connection ends outside the enclave.',
  },
  TRUST_CLASS_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the trust class is ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Use a server of an accepted class, or name this class in `trustClasses`.',
  },
  TCB_STATUS_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the TCB status is ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Have the operator update the platform; the result names what is behind.',
  },
  TCB_DATE_TOO_OLD: {
    answer: 'not-wanted',
    message: (d) => `the TCB is of ${formatUnixSeconds(d.actual)}; the policy wants ${formatUnixSeconds(d.minimum)}`,
    hint: 'Have the operator update the platform.',
  },
  TCB_EVALUATION_NUMBER_TOO_LOW: {
    answer: 'not-wanted',
    message: (d) => `the ${d.subject} has the evaluation number ${d.actual}; at least ${d.minimum} is required`,
    hint: 'Have the server staple current endorsements; to accept older ones, name the number in the policy.',
  },
  TCB_EVALUATION_ROLLED_BACK: {
    answer: 'not-wanted',
    message: (d) =>
      `the ${d.subject} has the evaluation number ${d.actual}; this server has shown ${d.remembered} before`,
    hint: 'Have the server staple endorsements that are no older than those it had.',
  },
  ADVISORY_DENIED: {
    answer: 'not-wanted',
    message: (d) => `${d.advisory} applies to the platform, and the policy denies it`,
    hint: 'Have the operator update the platform.',
  },
  ADVISORY_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `${d.advisory} applies to the platform, and the policy does not allow it`,
    hint: 'Have the operator update the platform, or name the advisory in `advisories.allow`.',
  },
  TD_DEBUG: {
    answer: 'not-wanted',
    message: (d) => `the trust domain is in debug mode (TDATTRIBUTES ${d.tdAttributes}): its host reads its memory`,
    hint: 'Start the trust domain without debug.',
  },
  TD_ATTRIBUTE_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the trust domain has the attribute ${d.attribute}, which the policy does not allow`,
    hint: 'Start the trust domain without it, or name it in `allowedAttributes`.',
  },
  TD_ATTRIBUTE_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of TDATTRIBUTES ${d.tdAttributes} is set, and its meaning is not known here`,
    hint: 'Update the verifier.',
  },
  TD_ATTRIBUTE_REQUIRED: {
    answer: 'not-wanted',
    message: (d) => `the trust domain lacks the attribute ${d.attribute}, which the policy requires`,
    hint: 'Start the trust domain with it, or remove it from `requiredAttributes`.',
  },
  EVIDENCE_AGE_UNKNOWN: {
    answer: 'not-wanted',
    message: (d) =>
      `the evidence carries no time and answers no nonce of ours; at most ${d.maximumSeconds} s are wanted`,
    hint: 'Ask for evidence with a nonce.',
  },
  MEASUREMENT_NOT_CHECKED: {
    answer: 'not-wanted',
    message: (d) => `the policy has no reference values for ${d.format}: genuine, but it may run any code`,
    hint: 'Add the measurements of the release that you reviewed.',
  },
  MEASUREMENT_MISMATCH: {
    answer: 'not-wanted',
    message: (d) => `${d.register} is ${d.actual}; the nearest reference value, "${d.reference}", says ${d.expected}`,
    hint: 'Find out what changed; if you reviewed it, add its measurements to the policy.',
  },
  PLATFORM_DENIED: {
    answer: 'not-wanted',
    message: (d) => `the policy denies the platform whose ${d.identifier} is ${d.value}`,
    hint: 'Use another machine.',
  },
  PLATFORM_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the policy does not name the platform, whose ${d.identifier} is ${d.value}`,
    hint: 'Use another machine, or add this one to `platforms`.',
  },
  OPERATOR_KEY_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the server is governed by the key ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Find out whose key it is; if you trust them, add it to `config.credentials`.',
  },
  SOFTWARE_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the software digest is ${d.actual}, which the policy does not name`,
    hint: 'Find out what changed; if you reviewed it, add its digest to the policy.',
  },
  CONFIG_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the configuration has ${d.member} ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Have the operator change the configuration, or the policy say what is accepted.',
  },
}
