import { formatUnixSeconds, type UnixSeconds } from '@blindai/core'
import type { TcbClaims, TcbPart } from '../result/claims.ts'
import type { TcbEvaluation, TcbInput } from './tcb-evaluation.ts'
import { findGaps } from './tcb-gap.ts'
import type { LevelVerdict } from './tcb-info.ts'
import { adviseRelaunch, type LevelStatus } from './tcb-status.ts'

/** What Intel says of a proved TCB: in words for the result, and as dates and numbers for the policy. */
export interface ProvedTcb {
  readonly tcb: TcbClaims
  /** The dates and numbers behind `tcb`. */
  readonly tcbDate: UnixSeconds
  readonly evaluationNumbers: { readonly tcbInfo: number; readonly qeIdentity: number }
}

/**
 * Writes down what a TCB was found to be.
 *
 * @param qeIdentityNumber - the evaluation number of the QE identity; that of the TCB info is in `input`.
 * @param current - TDX 1.5: the status with the TDX module that runs now, where that is another than at launch.
 */
export function describeTcb(
  input: TcbInput,
  evaluation: TcbEvaluation,
  qeIdentityNumber: number,
  current?: LevelStatus,
): ProvedTcb {
  const evaluationNumbers = { tcbInfo: input.tcbInfo.tcbEvaluationDataNumber, qeIdentity: qeIdentityNumber }
  const tcb: TcbClaims = {
    status: current === undefined ? evaluation.status : adviseRelaunch(evaluation.status, current),
    tcbDate: formatUnixSeconds(evaluation.tcbDate),
    advisoryIds: evaluation.advisoryIds,
    tcbEvaluationDataNumber: Math.min(evaluationNumbers.tcbInfo, evaluationNumbers.qeIdentity),
    platform: partOf(evaluation.platform),
    ...(evaluation.tdxModule && { tdxModule: partOf(evaluation.tdxModule) }),
    qe: partOf(evaluation.qe),
    ...(current !== undefined && { current }),
    gaps: findGaps(input, evaluation),
  }
  return { tcb, tcbDate: evaluation.tcbDate, evaluationNumbers }
}

function partOf({ status, tcbDate, advisoryIds }: LevelVerdict): TcbPart {
  return { status, tcbDate: formatUnixSeconds(tcbDate), advisoryIds }
}
