import type { ProvedHcl } from '../formats/azure-hcl/prove-hcl.ts'
import { BANK_NAMES } from '../formats/tpm/evidence.ts'
import type { HclReference, HclRegister } from '../policy/hcl-policy.ts'
import { HCL_REGISTERS } from '../policy/parse-hcl.ts'
import type { NamedReference, Policy } from '../policy/policy.ts'
import type { TcbClaims } from '../result/claims.ts'
import type { HclClaims } from '../result/hcl-claims.ts'
import type { SnpTcbClaims } from '../result/snp-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeMeasurement } from './judge-measurement.ts'
import { judgeSnpMachine } from './judge-snp.ts'
import { judgeTdMachine } from './judge-tdx.ts'

/**
 * Holds proved evidence of an Azure confidential virtual machine, real or simulated, against a policy: the hardware by the
 * rules of its own technology, then the paravisor's measurement and the registers of the guest together. Every check is made,
 * whatever the others find.
 *
 * @returns how the TCB stands, and the reference value that matched, if one did.
 */
export function judgeHcl(
  checks: CheckList,
  { hardware, trustClass, claims }: ProvedHcl,
  policy: Policy,
): { readonly tcb: TcbClaims | SnpTcbClaims; readonly release: NamedReference | undefined } {
  const tcb = judgeHardware(checks, hardware, policy)
  const references =
    trustClass === 'simulated' ? (policy.simulated?.azureHclMeasurements ?? []) : policy.azureHcl.measurements
  const flat = references.map(flatten)
  const names = [...new Set(flat.flatMap(({ names: own }) => own))]
  const release = judgeMeasurement<Register, Flat>(
    checks,
    { format: claims.format, ...registersOf(claims) },
    flat.map(({ reference }) => reference),
    { always: names, optional: [] },
  )
  return { tcb, release }
}

function judgeHardware(checks: CheckList, hardware: ProvedHcl['hardware'], policy: Policy): TcbClaims | SnpTcbClaims {
  if (hardware.technology === 'snp') return judgeSnpMachine(checks, hardware, policy)
  judgeTdMachine(checks, hardware, policy)
  return hardware.tcb
}

/** A register of the hardware, or one of the TPM with its bank, as a result names it. */
type Register = HclRegister | `${HclReference['bank']} PCR ${string}`
type Registers = { readonly [Name in Register]?: string }
type Flat = NamedReference & Registers

/** A reference value whose registers are members of it, and the names that they may have: one that is absent asks for nothing. */
function flatten({ name, date, source, bank, pcrs, registers }: HclReference): {
  readonly reference: Flat
  readonly names: readonly Register[]
} {
  const banked = Object.entries(pcrs).map(([pcr, value]): [Register, string] => [`${bank} PCR ${pcr}`, value])
  const head = { name, date, ...(source && { source }) }
  return {
    reference: { ...head, ...registers, ...Object.fromEntries(banked) },
    names: [...HCL_REGISTERS, ...banked.map(([register]) => register)],
  }
}

function registersOf({ hardware, pcrs }: HclClaims): Registers {
  const said: { readonly [Name in HclRegister]?: string } = hardware
  const own = HCL_REGISTERS.map((register): [Register, string | undefined] => [register, said[register]])
  const banked = BANK_NAMES.flatMap((bank) =>
    Object.entries(pcrs[bank] ?? {}).map(([pcr, value]): [Register, string] => [`${bank} PCR ${pcr}`, value]),
  )
  return Object.fromEntries([...own.filter(([, value]) => value !== undefined), ...banked])
}
