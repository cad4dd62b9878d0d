import { digest, toHex, unixSeconds } from '@blindai/core'
import { parsePolicy, verifyEvidence } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import explanations from './explanations.json' with { type: 'json' }
import { mockInputs } from './mock-inputs.ts'
import { type Input, judgeByOther, type Verdict } from './other-verifier.ts'
import { REAL, WRONG } from './real-inputs.ts'

/**
 * Every DCAP quote that we have, judged by this verifier and by another. They need not agree; each difference needs a reason
 * with a name, in `explanations.json`. What is compared is the verdict on evidence alone: accepted with a TCB status and
 * advisories, or refused. Why one of them refuses is shown, and may differ.
 */

/** One input, and what both say. */
interface Line {
  readonly name: string
  readonly ours: string
  readonly theirs: string
  readonly isSame: boolean
}

interface Explanation {
  readonly name: string
  readonly why: string
  /** By input: what each of the two says. */
  readonly differences: Readonly<Record<string, readonly string[]>>
}

const named: readonly Explanation[] = explanations
const groups = {
  captures: REAL,
  'captures with one thing wrong': WRONG,
  'documents of a mock authority': await mockInputs(),
}
const lines = new Map<string, readonly Line[]>()
for (const [group, inputs] of Object.entries(groups)) lines.set(group, await Promise.all(inputs.map(compare)))
const all = [...lines.values()].flat()
const differing = all.filter(({ isSame }) => !isSame)

async function compare(input: Input): Promise<Line> {
  const ours = await judgeByOurs(input)
  const theirs = judgeByOther(input)
  const isSame = ours.accepted && theirs.accepted ? words(ours) === words(theirs) : ours.accepted === theirs.accepted
  return { name: input.name, ours: words(ours), theirs: words(theirs), isSame }
}

async function judgeByOurs({ format, quote, endorsements, now, root }: Input): Promise<Verdict> {
  const simulated = root && { simulated: { rootSha256: [toHex(await digest('SHA-256', root))] } }
  const policy = parsePolicy({ version: 1, name: 'differential', ...simulated })
  const evidence = { format, bytes: quote, endorsements }
  const { status, tcb, failed } = await verifyEvidence(evidence, policy, { now: unixSeconds(now) })
  if (status === 'none') return { accepted: false, reason: failed?.error?.code ?? '' }
  if (tcb === undefined || !('advisoryIds' in tcb)) throw new Error('a DCAP quote has a TCB of Intel')
  return { accepted: true, status: tcb.status, advisoryIds: tcb.advisoryIds }
}

function words(verdict: Verdict): string {
  return verdict.accepted
    ? [verdict.status, ...[...verdict.advisoryIds].sort()].join(' ')
    : `refused: ${verdict.reason}`
}

describe('this verifier and @phala/dcap-qvl', () => {
  test('judged some inputs of each kind, and both accept what is right', () => {
    expect(REAL.length).toBeGreaterThan(20)
    expect(all.length).toBeGreaterThan(200)
    const right = all.filter(({ name }) => name.includes('right: nothing is wrong'))
    expect(right).toHaveLength(2)
    for (const line of right) expect(line).toMatchObject({ ours: 'UpToDate', theirs: 'UpToDate' })
  })
  test('differ nowhere without an explanation', () => {
    const explained = new Map(named.flatMap(({ differences }) => Object.entries(differences)))
    expect(differing.map(({ name, ours, theirs }) => [name, ours, theirs])).toEqual(
      differing.map(({ name }) => [name, ...(explained.get(name) ?? ['unexplained'])]),
    )
  })
  for (const { name, differences } of named) {
    test(`differ still where ${name} explains it, and nothing else does`, () => {
      const found = differing.filter((line) => Object.hasOwn(differences, line.name))
      expect(Object.fromEntries(found.map((line) => [line.name, [line.ours, line.theirs]]))).toEqual(differences)
      const others = named.filter((other) => other.name !== name)
      for (const input of Object.keys(differences)) {
        expect(others.filter((other) => Object.hasOwn(other.differences, input))).toEqual([])
      }
    })
  }
  test('compare as the table says', async () => {
    await expect(table()).toMatchFileSnapshot('../../docs/differential-table.md')
  })
})

function table(): string {
  const counts = [...lines].map(([group, of]) => {
    const differ = of.filter(({ isSame }) => !isSame).length
    return `| ${group} | ${of.length} | ${of.length - differ} | ${differ} |`
  })
  const sections = named.map(({ name, why, differences }) => {
    const rows = Object.entries(differences).map(([input, verdicts]) => `| ${[input, ...verdicts].join(' | ')} |`)
    return [`## ${name}`, '', why, '', '| input | ours | theirs |', '| --- | --- | --- |', ...rows].join('\n')
  })
  const head = [
    '<!-- Written by vitest run tests/differential -u -->',
    '',
    '# This verifier beside @phala/dcap-qvl 0.3.9',
  ]
  const summary = ['', '| inputs | all | agree | differ, each explained |', '| --- | --: | --: | --: |', ...counts]
  return `${[...head, ...summary, '', sections.join('\n\n')].join('\n')}\n`
}
