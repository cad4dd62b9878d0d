import type { SeenEvaluation } from '../appraisal/judge-rollback.ts'
import type { AffirmingResult } from '../result/result.ts'

/**
 * What is worth remembering of an affirming result: the lower of its two evaluation numbers, under the root that vouched
 * for it. Undefined for evidence whose endorsements count no recoveries.
 */
export function seenEvaluation({ claims, tcb }: AffirmingResult): SeenEvaluation | undefined {
  if (claims?.rootSha256 === undefined || tcb === undefined || !('tcbEvaluationDataNumber' in tcb)) return undefined
  const tee = claims.format === 'sgx' || claims.format === 'simulated-sgx' ? 'sgx' : 'tdx'
  return { rootSha256: claims.rootSha256, tee, number: tcb.tcbEvaluationDataNumber }
}
