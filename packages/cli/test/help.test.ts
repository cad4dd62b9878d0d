import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/commands/index.ts'
import { blindai } from './capture.ts'

describe('help', () => {
  test('without a command lists every command and every exit code, and is a usage error', async () => {
    const { code, stdout } = await blindai([])
    expect(code).toBe(2)
    for (const { path, summary } of COMMANDS) {
      expect(stdout).toContain(path.join(' '))
      expect(stdout).toContain(summary)
    }
    for (const number of [0, 1, 2, 10, 20, 30, 75]) expect(stdout).toMatch(new RegExp(`\\b${number}\\b`))
  })

  test.each(COMMANDS.map((command) => [command.path.join(' '), command] as const))(
    'of %s says what it does, each argument, each option and an example',
    async (_, command) => {
      const { code, stdout: wrapped } = await blindai([...command.path, '--help'])
      const stdout = wrapped.replaceAll(/\s+/g, ' ')
      expect(code).toBe(0)
      expect(stdout).toContain(command.summary)
      for (const { name, help } of command.positionals) expect(stdout).toContain(`${name} ${help}`)
      for (const [name, { help }] of Object.entries(command.options)) {
        expect(stdout).toContain(`--${name}`)
        expect(stdout).toContain(help)
      }
      for (const example of command.examples) expect(stdout).toContain(example)
      expect(command.examples.length).toBeGreaterThan(0)
    },
  )

  test.each(COMMANDS.map((command) => command.path.join(' ')))('of %s is also that of help COMMAND', async (name) => {
    const path = name.split(' ')
    expect(await blindai(['help', ...path])).toEqual(await blindai([...path, '-h']))
  })

  test.each(COMMANDS.map((command) => command.path.join(' ')))('of %s fits in 100 columns', async (name) => {
    const { stdout } = await blindai([...name.split(' '), '--help'])
    expect(stdout.split('\n').filter((line) => line.length > 100 && !line.includes('blindai '))).toEqual([])
  })

  test('of a group lists its commands', async () => {
    const { code, stdout } = await blindai(['models', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('models grant MODEL TENANT')
  })

  test('is one JSON value with --json', async () => {
    const { stdout } = await blindai(['run', '--help', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ help: expect.stringContaining('blindai run MODEL INPUT…') })
  })
})

describe('an unknown command', () => {
  test('is a usage error with the nearest one', async () => {
    const { code, stderr } = await blindai(['models', 'uplaod', 'x'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean models upload?')
  })

  test('is a JSON error with --json', async () => {
    const { code, stdout, stderr } = await blindai(['frobnicate', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } })
    expect(stderr).toBe('')
  })
})

describe('--version', () => {
  test('is that of the package', async () => {
    expect((await blindai(['--version'])).stdout).toMatch(/^blindai \d+\.\d+\.\d+\n$/)
  })
})
