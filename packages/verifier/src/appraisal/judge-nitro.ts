import { isZero } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { ProvedNitro } from '../formats/nitro/prove-nitro.ts'
import type { NitroReference } from '../policy/nitro-policy.ts'
import { NITRO_REGISTERS, OPTIONAL_NITRO_REGISTERS } from '../policy/parse-nitro.ts'
import type { Policy } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeMeasurement } from './judge-measurement.ts'

/** The registers that debug mode leaves at zero. */
const IMAGE_REGISTERS = [0, 1, 2]

/**
 * Holds a proved Nitro document, real or simulated, against a policy. Every check is made, whatever the others find. Of the
 * TCB there is nothing to judge: the document names no version of the Nitro system.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeNitro(checks: CheckList, proved: ProvedNitro, policy: Policy): NitroReference | undefined {
  const { trustClass, claims } = proved
  judgeClass(checks, trustClass, policy)
  checks.judge('nitro.debug', true, () => refuseDebug(proved.document.pcrs))
  checks.skip('policy.tcb-status', new VerifierError('TCB_NOT_REPORTED', { format: claims.format }))
  const references =
    trustClass === 'simulated' ? (policy.simulated?.nitroMeasurements ?? []) : policy.nitro.measurements
  const registers = { always: NITRO_REGISTERS, optional: OPTIONAL_NITRO_REGISTERS }
  return judgeMeasurement(checks, { format: claims.format, ...claims.pcrs }, references, registers)
}

/** Source: AWS Nitro Enclaves User Guide, "Cryptographic attestation": in debug mode the measurements are zeros. */
function refuseDebug(pcrs: ReadonlyMap<number, Uint8Array>): void {
  for (const number of IMAGE_REGISTERS) {
    if (isZero(pcrs.get(number) ?? new Uint8Array()))
      throw new VerifierError('NITRO_DEBUG', { register: `PCR${number}` })
  }
}
