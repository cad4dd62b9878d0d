import type { Finding, Outcome } from './runner.ts'

/** A test, by what its name says of it. */
export interface Case extends Finding {
  /** File and name, for a person. */
  readonly title: string
  /** The code that it expects, for a test of the form `CODE: why`. */
  readonly code: string | undefined
}

/** What is to be covered. */
export interface Wanted {
  readonly codes: readonly string[]
  readonly checks: readonly string[]
  /** Codes and checks that no refusal rests on, and why. */
  readonly exceptions: Readonly<Record<string, string>>
}

/** One line of the table: a code or a check, and its cases. */
export interface Row {
  readonly name: string
  readonly cases: number
  /** Of those, how each input fared without it. */
  readonly refused: number
  readonly accepted: number
  readonly crashed: number
}

/** The table, and what is not as it should be. */
export interface Report {
  readonly codes: readonly Row[]
  readonly checks: readonly Row[]
  readonly problems: readonly string[]
}

/**
 * Holds what was found against what has to hold: each code and each check has cases; its cases fail without it, and no others.
 *
 * @param wanted - undefined when only a sample of the cases ran, so that nothing can be said of those without one.
 */
export function evaluate(cases: readonly Case[], wanted: Wanted | undefined): Report {
  const labelled = cases.filter(({ code }) => code !== undefined)
  const problems = labelled.flatMap(problemsOf)
  const codes = rows(
    labelled,
    ({ code }) => code,
    ({ removed }) => ('code' in removed ? removed.code : undefined),
  )
  const checks = rows(labelled, checkOf, ({ removed }) => ('check' in removed ? removed.check : undefined))
  if (wanted !== undefined) {
    problems.push(...missing('code', wanted.codes, codes, wanted.exceptions))
    problems.push(...missing('check', wanted.checks, checks, wanted.exceptions))
  }
  return { codes, checks, problems }
}

/** The check that refuses a case: the one that threw the code which the case expects. */
function checkOf({ code, thrown }: Case): string | undefined {
  return thrown.find((one) => one.code === code)?.check
}

function problemsOf(one: Case): readonly string[] {
  const { title, code, thrown, outcomes } = one
  if (!thrown.some((error) => error.code === code)) return [`${title}: ${code} was never thrown`]
  const check = checkOf(one)
  return outcomes.flatMap(({ removed, test }) => {
    const name = 'code' in removed ? removed.code : removed.check
    const isItsOwn = name === code || name === check
    if (isItsOwn && test === 'passed') return [`${title}: passes without ${name}`]
    if (!isItsOwn && test === 'failed') return [`${title}: fails without ${name}, which is not its own`]
    return []
  })
}

function rows(
  cases: readonly Case[],
  nameOf: (one: Case) => string | undefined,
  removedName: (outcome: Outcome) => string | undefined,
): readonly Row[] {
  const names = [...new Set(cases.map(nameOf))].filter((name) => name !== undefined).sort()
  return names.map((name) => {
    const own = cases.filter((one) => nameOf(one) === name)
    const inputs = own.flatMap(({ outcomes }) => outcomes.filter((o) => removedName(o) === name).map((o) => o.input))
    const count = (input: Outcome['input']): number => inputs.filter((one) => one === input).length
    return {
      name,
      cases: own.length,
      refused: count('refused'),
      accepted: count('accepted'),
      crashed: count('crashed'),
    }
  })
}

function missing(
  kind: string,
  names: readonly string[],
  found: readonly Row[],
  exceptions: Wanted['exceptions'],
): readonly string[] {
  return names.flatMap((name) => {
    const has = found.some((row) => row.name === name)
    const excepted = Object.hasOwn(exceptions, name)
    if (!has && !excepted) return [`the ${kind} ${name} has no case`]
    if (has && excepted) return [`the ${kind} ${name} is excepted and has a case`]
    return []
  })
}
