import { readFile } from 'node:fs/promises'
import type { JsonValue } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { blindai, type Captured } from './capture.ts'
import { ROOT, rawVectors, savedDocuments } from './support/raw-vectors.ts'

const CONTRACT = await readFile(`${ROOT}docs/verify-contract.md`, 'utf8')

/** A command of the page, the beginning of what it prints, and the exit code that the page gives. */
interface Example {
  readonly command: string
  readonly output: readonly string[]
  readonly code: number
}

const examples: readonly Example[] = [...CONTRACT.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  [...block.matchAll(/^\$ (.*blindai.*)\n([\s\S]*?)^\$ echo \$\?\n(\d+)$/gm)].map(
    ([, command = '', output = '', code]) => ({
      command,
      output: output.trimEnd().split('\n'),
      code: Number(code),
    }),
  ),
)

/** Runs `echo '…' | blindai … | blindai …` as a shell would. */
async function shell(command: string): Promise<Captured> {
  let last: Captured = { code: 0, stdout: '', stderr: '' }
  for (const part of command.split(' | ')) {
    const [, echoed] = /^echo '(.*)'$/.exec(part) ?? []
    const argv = part.split(' ').slice(1)
    last =
      echoed === undefined
        ? await blindai(argv, { folder: ROOT, stdin: last.stdout })
        : { ...last, stdout: `${echoed}\n` }
  }
  return last
}

describe('docs/verify-contract.md', () => {
  test.each(examples.map((example) => [example.command, example] as const))('runs: %s', async (_, example) => {
    const { code, stdout } = await shell(example.command)
    expect(code).toBe(example.code)
    for (const [i, line] of example.output.entries()) {
      if (line !== '…') expect(stdout.split('\n')[i]?.startsWith(line.replace(/…$/, '')), stdout).toBe(true)
    }
  })

  test('has an example of every format, and of every exit code about evidence', () => {
    expect([...new Set(examples.map(({ code }) => code))].sort()).toEqual([0, 10, 20, 30])
    for (const format of ['tdx', 'sgx', 'sev-snp', 'azure-hcl', 'nitro', 'tpm']) {
      expect(examples.map(({ command }) => command).join()).toContain(`raw/${format}.json`)
    }
  })

  test('names every member of every result of the vectors', async () => {
    const members = new Set<string>()
    for (const { input } of [...rawVectors, ...savedDocuments.map(bare)]) {
      const { stdout } = await blindai(['verify', '--raw', '-', '--json'], { stdin: JSON.stringify(input) })
      collect(JSON.parse(stdout), members)
    }
    expect([...members].filter((member) => !CONTRACT.includes(`\`${member}\``))).toEqual([])
    expect(members.size).toBeGreaterThan(100)
  })

  test('names every member that inputs and policies have', async () => {
    const { properties } = JSON.parse(await readFile(`${ROOT}packages/verifier/policy.schema.json`, 'utf8'))
    const endorsements = rawVectors.flatMap(({ input }) => Object.keys(input.endorsements ?? {}))
    for (const member of [...Object.keys(properties), ...endorsements]) expect(CONTRACT).toContain(`\`${member}\``)
  })
})

/** The evidence of a saved document as an input. */
function bare({ document, now, policy }: (typeof savedDocuments)[number]): { readonly input: object } {
  const { evidence, endorsements } = JSON.parse(document)
  return { input: { version: 1, evidence, endorsements, now, policy } }
}

/** Paths of members below claims, tcb and checks; `details` has those of each error, and `pcrs` registers. */
function collect(value: JsonValue, members: Set<string>, path: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, members, path)
    return
  }
  for (const [member, inner] of Object.entries(value)) {
    members.add(path.at(0) === 'claims' && path.at(-1) === 'platform' ? `platform.${member}` : member)
    if (member !== 'details' && member !== 'pcrs') collect(inner, members, [...path, member])
  }
}
