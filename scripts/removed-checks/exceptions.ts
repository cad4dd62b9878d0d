/** Codes and checks that no refusal rests on, and why. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  MEASUREMENT_NOT_CHECKED: 'not thrown: the reason that a skipped check is listed with',
  TCB_NOT_REPORTED: 'not thrown: the reason that a skipped check is listed with',
  TPM_AK_NOT_CHECKED: 'not thrown: the reason that a skipped check is listed with',
  TPM_AK_NOT_BOUND: 'not thrown: the reason that a skipped check is listed with',
  TPM_REGISTERS_NOT_VOUCHED: 'not thrown: the reason that a skipped check is listed with',
  DEVICE_EVIDENCE_ALONE: 'not thrown: the reason that a skipped check is listed with',
  'nvidia.host': 'never fails: evidence of a GPU alone leaves it skipped, and nothing is affirming then',
  GAP_OR_OVERLAP: 'a parser that reads a structure wrongly, whatever the evidence; core tests it',
  'policy.optional-registers':
    'never fails: it passes where a reference value names further registers, which policy.measurement compares',
}
