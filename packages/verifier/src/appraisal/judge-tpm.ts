import { VerifierError } from '../errors/verifier-error.ts'
import { BANK_NAMES } from '../formats/tpm/evidence.ts'
import type { ProvedTpm } from '../formats/tpm/prove-tpm.ts'
import type { NamedReference, Policy } from '../policy/policy.ts'
import type { TpmReference } from '../policy/tpm-policy.ts'
import type { TpmClaims } from '../result/tpm-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeMeasurement } from './judge-measurement.ts'

/** A register with its bank, as a result names it. */
type PcrName = `${TpmReference['bank']} PCR ${string}`

/**
 * Holds a proved quote, real or simulated, against a policy. Registers that were signed by a key that nobody vouches for are
 * not compared: a match would look like a reviewed release.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeTpm(checks: CheckList, proved: ProvedTpm, policy: Policy): NamedReference | undefined {
  const { trustClass, claims } = proved
  if (trustClass === 'none') {
    const reason = new VerifierError('TPM_REGISTERS_NOT_VOUCHED', { name: claims.attestationKey.name })
    checks.skip('policy.trust-class', reason)
    checks.skip('policy.measurement', reason)
    return undefined
  }
  judgeClass(checks, trustClass, policy)
  const references = trustClass === 'simulated' ? (policy.simulated?.tpmMeasurements ?? []) : policy.tpm.measurements
  const flat = references.map(flatten)
  const names = [...new Set(flat.flatMap(({ names: own }) => own))]
  return judgeMeasurement<PcrName, Flat>(
    checks,
    { format: claims.format, ...registersOf(claims) },
    flat.map(({ reference }) => reference),
    { always: names, optional: [] },
  )
}

type Registers = { readonly [Name in PcrName]?: string }
type Flat = NamedReference & Registers

/** A reference value whose registers are members of it, and their names. */
function flatten({ name, date, source, bank, pcrs }: TpmReference): { reference: Flat; names: readonly PcrName[] } {
  const entries = Object.entries(pcrs).map(([pcr, value]): [PcrName, string] => [`${bank} PCR ${pcr}`, value])
  const head = { name, date, ...(source && { source }) }
  return { reference: { ...head, ...Object.fromEntries(entries) }, names: entries.map(([own]) => own) }
}

function registersOf({ pcrs }: TpmClaims): Registers {
  const entries = BANK_NAMES.flatMap((bank) =>
    Object.entries(pcrs[bank] ?? {}).map(([pcr, value]): [PcrName, string] => [`${bank} PCR ${pcr}`, value]),
  )
  return Object.fromEntries(entries)
}
