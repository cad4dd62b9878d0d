import type { AttestationResult, EvidenceResult } from './result.ts'

/**
 * The exit code of a program that verified: 0 affirming, 10 malformed, 20 not proved, 30 proved and not wanted.
 *
 * Bare evidence judged without reference values is a warning and gives 0: nobody asked what code it runs. So is a TPM's quote
 * where the policy names no attestation key and no authority; where it names some, and none is this quote's, it is 20.
 */
export function exitCode(result: AttestationResult | EvidenceResult): 0 | 10 | 20 | 30 {
  switch (result.status) {
    case 'affirming':
      return 0
    case 'warning':
      if (result.scope === 'document') return 30
      return result.failed?.error?.code === 'TPM_AK_NOT_BOUND' ? 20 : 0
    case 'contraindicated':
      return 30
    case 'none':
      return result.failed?.error?.answer === 'malformed' ? 10 : 20
    default:
      return result satisfies never
  }
}
