import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about event logs. `event` counts the events after the header, from 0. */
export interface EventLogErrorDetails {
  EVENT_LOG_TOO_MANY: { readonly field: string; readonly limit: number }
  EVENT_LOG_ALGORITHM_REPEATED: { readonly algorithm: string }
  EVENT_LOG_HEADER_MISPLACED: { readonly event: number }
  EVENT_LOG_REGISTER_UNKNOWN: { readonly event: number; readonly register: number; readonly highest: number }
  EVENT_LOG_DIGESTS_WRONG: { readonly event: number; readonly expected: readonly string[]; readonly actual: string }
  EVENT_LOG_LOCALITY_WRONG: { readonly event: number; readonly expected: string }
  EVENT_LOG_BANK_MISSING: { readonly bank: string; readonly banks: readonly string[] }
  EVENT_LOG_MISMATCH: { readonly register: string; readonly expected: string; readonly actual: string }
  EVENT_LOG_EMPTY: { readonly registers: readonly string[] }
}

const AS_WRITTEN = 'Pass the log as the firmware wrote it.'
const OTHER_BOOT =
  'Pass the log of this boot; if it is, treat it as forged: something was measured that it does not name.'

/** Messages, hints and answers of those codes. */
export const EVENT_LOG_ERRORS: AnswerCatalogue<EventLogErrorDetails> = {
  EVENT_LOG_TOO_MANY: {
    answer: 'malformed',
    message: (d) => `${d.field} are more than the ${d.limit} that are read`,
    hint: AS_WRITTEN,
  },
  EVENT_LOG_ALGORITHM_REPEATED: {
    answer: 'malformed',
    message: (d) => `the header of the event log names ${d.algorithm} twice`,
    hint: AS_WRITTEN,
  },
  EVENT_LOG_HEADER_MISPLACED: {
    answer: 'malformed',
    message: (d) => `event ${d.event} of the log is a header; a log has one, before everything else`,
    hint: 'Pass one log, not several that were joined.',
  },
  EVENT_LOG_REGISTER_UNKNOWN: {
    answer: 'malformed',
    message: (d) => `event ${d.event} of the log is for the register ${d.register}; the highest is ${d.highest}`,
    hint: AS_WRITTEN,
  },
  EVENT_LOG_DIGESTS_WRONG: {
    answer: 'malformed',
    message: (d) => `event ${d.event} of the log has ${d.actual}; it has to have one of each: ${d.expected.join(', ')}`,
    hint: AS_WRITTEN,
  },
  EVENT_LOG_LOCALITY_WRONG: {
    answer: 'malformed',
    message: (d) => `event ${d.event} of the log tells the start-up locality; ${d.expected} is required`,
    hint: AS_WRITTEN,
  },
  EVENT_LOG_BANK_MISSING: {
    answer: 'not-proved',
    message: (d) => `the event log has no ${d.bank} digests; it has ${d.banks.join(', ')}`,
    hint: 'Pass a log of the bank that the evidence reports.',
  },
  EVENT_LOG_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the event log replays to ${d.actual} for ${d.register}; the evidence says ${d.expected}`,
    hint: OTHER_BOOT,
  },
  EVENT_LOG_EMPTY: {
    answer: 'not-proved',
    message: (d) => `the event log measures nothing into any of ${d.registers.join(', ')}`,
    hint: 'Pass the log of this boot, or none.',
  },
}
