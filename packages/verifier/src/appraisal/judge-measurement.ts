import { VerifierError } from '../errors/verifier-error.ts'
import type { NamedReference } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'

/** What is compared: registers that every reference value names, and those that it may name besides. */
export interface Registers<Name extends string> {
  readonly always: readonly Name[]
  readonly optional: readonly Name[]
}

type Valued<Name extends string> = { readonly [N in Name]?: string }

/** A reference value, and the registers that it names and the evidence has otherwise, or not at all. */
interface Candidate<Name extends string, Reference> {
  readonly reference: Reference
  readonly differing: readonly Name[]
}

/**
 * Compares proved measurements with the reference values of a policy.
 *
 * @returns the reference value that matched, if one did.
 */
export function judgeMeasurement<Name extends string, Reference extends NamedReference & Valued<Name>>(
  checks: CheckList,
  claims: Valued<Name> & { readonly format: string },
  references: readonly Reference[],
  { always, optional }: Registers<Name>,
): Reference | undefined {
  if (references.length === 0) {
    checks.skip('policy.measurement', new VerifierError('MEASUREMENT_NOT_CHECKED', { format: claims.format }))
    return undefined
  }
  const registers = [...always, ...optional]
  const candidates = references.map((reference) => ({
    reference,
    differing: registers.filter((name) => isOther(valueIn(claims, name), valueIn(reference, name))),
  }))
  const match = candidates.find(({ differing }) => differing.length === 0)?.reference
  checks.judge('policy.measurement', true, () => {
    if (match === undefined) throw measurementMismatch(claims, candidates)
  })
  // They are compared with the rest; this line shows whether the release that matched says anything of them.
  if (match !== undefined && optional.some((name) => match[name] !== undefined))
    checks.pass('policy.optional-registers')
  return match
}

function valueIn<Name extends string>(holder: Valued<Name>, name: Name): string | undefined {
  return holder[name]
}

function isOther(actual: string | undefined, wanted: string | undefined): boolean {
  return wanted !== undefined && wanted !== actual
}

/** Names the reference value with the fewest differences, so that a person sees what changed. */
function measurementMismatch<Name extends string, Reference extends NamedReference & Valued<Name>>(
  claims: Valued<Name>,
  candidates: readonly Candidate<Name, Reference>[],
): VerifierError<'MEASUREMENT_MISMATCH'> {
  const [nearest] = [...candidates].sort((a, b) => a.differing.length - b.differing.length)
  const register = nearest?.differing[0]
  return new VerifierError('MEASUREMENT_MISMATCH', {
    reference: nearest?.reference.name ?? '',
    register: register ?? '',
    expected: (register && nearest?.reference[register]) ?? '',
    actual: (register && claims[register]) ?? '(absent)',
    differing: nearest?.differing ?? [],
  })
}
