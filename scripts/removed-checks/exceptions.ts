/** Codes and checks that no refusal rests on, and why. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  MEASUREMENT_NOT_CHECKED: 'not thrown: the reason that a skipped check is listed with',
  TCB_NOT_REPORTED: 'not thrown: the reason that a skipped check is listed with',
  GAP_OR_OVERLAP: 'a parser that reads a structure wrongly, whatever the evidence; core tests it',
  'policy.optional-registers':
    'never fails: it passes where a reference value names further registers, which policy.measurement compares',
}
