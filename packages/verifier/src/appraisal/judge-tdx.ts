import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { setBits, TD_ATTRIBUTE_BITS } from '../formats/tdx/attributes.ts'
import type { ProvedTdx } from '../formats/tdx/prove-tdx.ts'
import { OPTIONAL_TDX_REGISTERS, TDX_REGISTERS } from '../policy/parse-policy.ts'
import type { OptionalTdxRegister, Policy, TdxPolicy, TdxReference, TdxRegister } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeDcapTcb } from './judge-dcap-tcb.ts'
import { judgeMeasurement } from './judge-measurement.ts'

/**
 * Holds proved TDX evidence, real or simulated, against a policy. Every check is made, whatever the others find.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeTdx(checks: CheckList, proved: ProvedTdx, policy: Policy): TdxReference | undefined {
  judgeTdMachine(checks, proved, policy)
  const references =
    proved.trustClass === 'simulated' ? (policy.simulated?.measurements ?? []) : policy.tdx.measurements
  const registers = { always: TDX_REGISTERS, optional: OPTIONAL_TDX_REGISTERS }
  return judgeMeasurement<TdxRegister | OptionalTdxRegister, TdxReference>(checks, proved.claims, references, registers)
}

/** Judges platform and trust domain, all but what was measured. */
export function judgeTdMachine(checks: CheckList, proved: ProvedTdx, policy: Policy): void {
  const { tdx } = policy
  judgeClass(checks, proved.trustClass, policy)
  judgeAttributes(checks, proved.report.tdAttributes, tdx)
  judgeDcapTcb(checks, proved, tdx)
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
