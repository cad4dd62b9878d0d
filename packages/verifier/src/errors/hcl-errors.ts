import type { AnswerCatalogue } from './answer.ts'
import type { Difference } from './dcap-errors.ts'

/** The facts that go with each code about the reports of Azure's confidential virtual machines. */
export interface HclErrorDetails {
  HCL_KEY_MISSING: { readonly key: string }
  HCL_KEY_REPEATED: { readonly key: string }
  HCL_NOT_BY_PARAVISOR: { readonly vmpl: number }
  HCL_TD_REPORT_MISMATCH: Difference
  HCL_RUNTIME_DATA_MISMATCH: { readonly expected: string; readonly actual: string }
}

const FORGED = 'Treat the evidence as forged.'

/** Messages, hints and answers of those codes. */
export const HCL_ERRORS: AnswerCatalogue<HclErrorDetails> = {
  HCL_KEY_MISSING: {
    answer: 'malformed',
    message: (d) => `the runtime claims name no key ${d.key}`,
    hint: 'Pass the report as it was read from the virtual TPM.',
  },
  HCL_KEY_REPEATED: {
    answer: 'malformed',
    message: (d) => `the runtime claims name the key ${d.key} more than once`,
    hint: FORGED,
  },
  HCL_NOT_BY_PARAVISOR: {
    answer: 'not-proved',
    message: (d) => `the hardware report was asked for at VMPL ${d.vmpl}; the paravisor, which has the TPM, runs at 0`,
    hint: 'Treat the evidence as forged: the guest itself can ask for such a report, about any key.',
  },
  HCL_TD_REPORT_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `${d.field} is ${d.actual} in the paravisor's report and ${d.expected} in the quote`,
    hint: 'Have the quote made of the TD report that is in the report of the paravisor.',
  },
  HCL_RUNTIME_DATA_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the hardware vouches for ${d.actual}; the runtime claims give ${d.expected}`,
    hint: FORGED,
  },
}
