/**
 * The lowest TCB evaluation data numbers that are accepted when the policy names none, and the day they were set.
 *
 * Intel judges the same platform anew after each TCB recovery and counts the recoveries; a server that staples old
 * endorsements hides what was found since. Number 20 is the recovery of 2025-08-12, and what Intel's service hands out by
 * default since 2026-08-13. A policy can lower the floor only by naming the number.
 */
export const TCB_EVALUATION_FLOORS: { readonly date: string; readonly tdx: number; readonly sgx: number } = {
  date: '2026-11-23',
  tdx: 20,
  sgx: 20,
}
