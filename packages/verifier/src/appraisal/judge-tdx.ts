import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { setBits, TD_ATTRIBUTE_BITS } from '../formats/tdx/attributes.ts'
import type { ProvedTdx } from '../formats/tdx/prove-tdx.ts'
import { OPTIONAL_TDX_REGISTERS, TDX_REGISTERS } from '../policy/parse-policy.ts'
import type { Policy, TdxPolicy, TdxReference } from '../policy/policy.ts'
import type { TdxClaims } from '../result/claims.ts'
import type { CheckList } from './check-list.ts'

/**
 * Holds proved TDX evidence, real or simulated, against a policy. Every check is made, whatever the others find.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeTdx(checks: CheckList, proved: ProvedTdx, policy: Policy): TdxReference | undefined {
  const { tdx } = policy
  judgeClass(checks, proved, policy)
  judgeAttributes(checks, proved.report.tdAttributes, tdx)
  judgeTcb(checks, proved, tdx)
  const references = proved.trustClass === 'simulated' ? (policy.simulated?.measurements ?? []) : tdx.measurements
  return judgeMeasurement(checks, proved.claims, references)
}

function judgeClass(checks: CheckList, { trustClass }: ProvedTdx, policy: Policy): void {
  checks.judge('policy.trust-class', true, () => {
    if (policy.trustClasses.includes(trustClass)) return
    throw new VerifierError('TRUST_CLASS_NOT_ACCEPTED', { accepted: policy.trustClasses, actual: trustClass })
  })
}

function judgeTcb(checks: CheckList, proved: ProvedTdx, tdx: TdxPolicy): void {
  const { tcb, tcbDate, evaluationNumbers } = proved
  const { minimumTcbDate, minimumTcbEvaluationDataNumber: minimum } = tdx
  checks.judge('policy.tcb-status', true, () => {
    if (tdx.acceptedTcbStatuses.some((status) => status === tcb.status)) return
    throw new VerifierError('TCB_STATUS_NOT_ACCEPTED', { accepted: tdx.acceptedTcbStatuses, actual: tcb.status })
  })
  checks.judge('policy.tcb-date', minimumTcbDate !== undefined, () => {
    if (minimumTcbDate === undefined || tcbDate >= minimumTcbDate) return
    throw new VerifierError('TCB_DATE_TOO_OLD', { minimum: minimumTcbDate, actual: tcbDate })
  })
  // A simulated authority has no TCB recoveries to keep up with.
  checks.judge('policy.tcb-evaluation-number', proved.trustClass !== 'simulated', () => {
    requireNumber('TCB info', minimum, evaluationNumbers.tcbInfo)
    requireNumber('QE identity', minimum, evaluationNumbers.qeIdentity)
  })
  const { allow, deny } = tdx.advisories
  checks.judge('policy.advisories', allow !== undefined || deny.length > 0, () => {
    for (const advisory of tcb.advisoryIds) {
      if (deny.includes(advisory)) throw new VerifierError('ADVISORY_DENIED', { advisory })
      if (allow?.includes(advisory) === false) throw new VerifierError('ADVISORY_NOT_ALLOWED', { advisory })
    }
  })
}

function requireNumber(subject: string, minimum: number, actual: number): void {
  if (actual < minimum) throw new VerifierError('TCB_EVALUATION_NUMBER_TOO_LOW', { subject, minimum, actual })
}

/** Judges TDATTRIBUTES alone; 8 bytes. */
export function judgeAttributes(checks: CheckList, attributes: Uint8Array, tdx: TdxPolicy): void {
  const tdAttributes = toHex(attributes)
  const set = setBits(attributes).map((bit) => ({ bit, attribute: TD_ATTRIBUTE_BITS.get(bit) }))
  checks.judge('tdx.debug', true, () => {
    if (set.some(({ attribute }) => attribute === 'DEBUG')) throw new VerifierError('TD_DEBUG', { tdAttributes })
  })
  checks.judge('tdx.attributes', true, () => {
    for (const { bit, attribute } of set) {
      if (attribute === undefined) throw new VerifierError('TD_ATTRIBUTE_RESERVED', { bit, tdAttributes })
      // Debug has a check of its own.
      if (attribute !== 'DEBUG' && !tdx.allowedAttributes.includes(attribute)) {
        throw new VerifierError('TD_ATTRIBUTE_NOT_ALLOWED', { attribute, bit, tdAttributes })
      }
    }
    for (const [bit, attribute] of TD_ATTRIBUTE_BITS) {
      if (tdx.requiredAttributes.includes(attribute) && !set.some((one) => one.bit === bit)) {
        throw new VerifierError('TD_ATTRIBUTE_REQUIRED', { attribute, bit, tdAttributes })
      }
    }
  })
}

function judgeMeasurement(
  checks: CheckList,
  claims: TdxClaims,
  references: readonly TdxReference[],
): TdxReference | undefined {
  if (references.length === 0) {
    checks.skip('policy.measurement', new VerifierError('MEASUREMENT_NOT_CHECKED', { format: claims.format }))
    return undefined
  }
  const candidates = references.map((reference) => ({ reference, differing: differingRegisters(claims, reference) }))
  const match = candidates.find(({ differing }) => differing.length === 0)?.reference
  checks.judge('policy.measurement', true, () => {
    if (match === undefined) throw measurementMismatch(claims, candidates)
  })
  // They are compared with the rest; this line shows whether the release that matched says anything of them.
  const namesOptional = match !== undefined && OPTIONAL_TDX_REGISTERS.some((register) => match[register] !== undefined)
  if (namesOptional) checks.pass('policy.optional-registers')
  return match
}

const ALL_REGISTERS = [...TDX_REGISTERS, ...OPTIONAL_TDX_REGISTERS]

/** Registers that the reference value names and the evidence has otherwise, or not at all. */
function differingRegisters(
  claims: TdxClaims,
  reference: TdxReference,
): readonly (keyof TdxClaims & keyof TdxReference)[] {
  return ALL_REGISTERS.filter(
    (register) => reference[register] !== undefined && reference[register] !== claims[register],
  )
}

/** Names the reference value with the fewest differences, so that a person sees what changed. */
function measurementMismatch(
  claims: TdxClaims,
  candidates: readonly { reference: TdxReference; differing: ReturnType<typeof differingRegisters> }[],
): VerifierError<'MEASUREMENT_MISMATCH'> {
  const [nearest] = [...candidates].sort((a, b) => a.differing.length - b.differing.length)
  const register = nearest?.differing[0] ?? 'mrTd'
  return new VerifierError('MEASUREMENT_MISMATCH', {
    reference: nearest?.reference.name ?? '',
    register,
    expected: nearest?.reference[register] ?? '',
    actual: claims[register] ?? '(absent)',
    differing: nearest?.differing ?? [],
  })
}
