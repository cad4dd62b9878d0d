import type { ObjectReader } from '../json/object-reader.ts'
import { parseDate } from '../time.ts'
import type { AdvisoryPolicy, DcapTcbPolicy } from './policy.ts'
import { MAX_LIST, MAX_NAME, refuseBoth } from './read-members.ts'

/** Accepted when a policy says nothing. */
const DEFAULT_STATUSES = ['UpToDate', 'SWHardeningNeeded'] as const

/**
 * Reads what a policy wants of the TCB of an Intel platform, the same members for SGX and TDX.
 *
 * @param statuses - those that may be accepted.
 * @param floor - the evaluation number that counts when the policy names none.
 */
export function readDcapTcb<Status extends string>(
  r: ObjectReader,
  statuses: readonly (Status | (typeof DEFAULT_STATUSES)[number])[],
  floor: number,
): DcapTcbPolicy<Status | (typeof DEFAULT_STATUSES)[number]> {
  return {
    acceptedTcbStatuses: r.has('acceptedTcbStatuses') ? r.words('acceptedTcbStatuses', statuses) : DEFAULT_STATUSES,
    minimumTcbEvaluationDataNumber: r.has('minimumTcbEvaluationDataNumber')
      ? r.integer('minimumTcbEvaluationDataNumber', 0, 0xffff_ffff)
      : floor,
    ...(r.has('minimumTcbDate') && {
      minimumTcbDate: parseDate(`${r.field}.minimumTcbDate`, r.string('minimumTcbDate', 10)),
    }),
    advisories: r.has('advisories') ? readAdvisories(r.object('advisories')) : { deny: [] },
  }
}

function readAdvisories(r: ObjectReader): AdvisoryPolicy {
  const allow = r.has('allow') ? r.strings('allow', MAX_LIST, MAX_NAME) : undefined
  const deny = r.has('deny') ? r.strings('deny', MAX_LIST, MAX_NAME) : []
  r.end()
  refuseBoth(r, allow, deny)
  return allow === undefined ? { deny } : { allow, deny }
}
