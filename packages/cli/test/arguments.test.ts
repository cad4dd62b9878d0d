import { describe, expect, test } from 'vitest'
import { closest, parseArguments } from '../src/arguments.ts'
import type { Command } from '../src/command.ts'

const COMMAND: Command = {
  path: ['try'],
  summary: 'Try.',
  details: '',
  positionals: [{ name: 'WHAT', help: 'What to try.', required: true }],
  options: {
    level: { type: 'text', value: 'LEVEL', choices: ['low', 'high'], help: 'How much.' },
    quick: { type: 'flag', help: 'At once.' },
  },
  usesServer: true,
  examples: [],
  run: async () => 0,
}

const usage = (problem: string): object => ({ code: 'USAGE', details: { problem, command: 'try' } })

describe('arguments', () => {
  test('are positionals, texts and flags in any order', () => {
    const parsed = parseArguments(COMMAND, ['--quick', 'it', '--level', 'low', '--json'])
    expect(parsed.positionals).toEqual(['it'])
    expect([...parsed.texts]).toEqual([['level', 'low']])
    expect([...parsed.flags]).toEqual(['quick', 'json'])
  })

  test('after -- are positionals, whatever they look like', () => {
    expect(parseArguments(COMMAND, ['--', '--key=abc']).positionals).toEqual(['--key=abc'])
  })

  test('name a server, a policy and a transport where the command uses a server', () => {
    const parsed = parseArguments(COMMAND, ['it', '--url', 'https://a', '--transport=ohttp'])
    expect([...parsed.texts.keys()]).toEqual(['url', 'transport'])
  })

  test.each(['--key', '--api-key=x', '--token'])('never carry a key: %s is refused by name', (option) => {
    const parse = (): unknown => parseArguments(COMMAND, ['it', option, 'blindai_secret'])
    expect(parse).toThrow(expect.objectContaining({ code: 'KEY_ON_COMMAND_LINE' }))
    expect(parse).not.toThrow(/blindai_secret/)
  })

  test('that are unknown are refused with the nearest that exists', () => {
    expect(() => parseArguments(COMMAND, ['it', '--levle', 'low'])).toThrow(
      expect.objectContaining(usage("unknown option '--levle'; did you mean --level?")),
    )
  })

  test('outside the choices of an option are refused with the choices', () => {
    expect(() => parseArguments(COMMAND, ['it', '--level', 'medium'])).toThrow(
      expect.objectContaining(usage('--level is one of low, high')),
    )
  })

  test.each([['--level='], ['--level', '']])('that are empty where a value is needed are refused: %j', (...argv) => {
    expect(() => parseArguments(COMMAND, ['it', ...argv])).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  test('that are missing are named with what they are for', () => {
    expect(() => parseArguments(COMMAND, [])).toThrow(expect.objectContaining(usage('WHAT is missing: what to try.')))
  })

  test('that are too many are counted', () => {
    expect(() => parseArguments(COMMAND, ['a', 'b'])).toThrow(
      expect.objectContaining(usage('too many arguments: 2, at most 1')),
    )
  })

  test('are not asked for where help is', () => {
    expect(parseArguments(COMMAND, ['-h']).flags.has('help')).toBe(true)
  })
})

describe('the nearest word', () => {
  test('is at most two edits away', () => {
    expect(closest('upolad', ['upload', 'list'])).toBe('upload')
    expect(closest('delete', ['upload', 'list'])).toBeUndefined()
  })
})
