import { describe, expect, test } from 'vitest'
import { progressOf } from '../src/progress.ts'
import { printable, Terminal } from '../src/terminal.ts'

function terminal(options: { tty: boolean; env?: Record<string, string>; json?: boolean }): {
  terminal: Terminal
  out: string[]
  err: string[]
} {
  const out: string[] = []
  const err: string[] = []
  const of = (lines: string[]): { isTTY: boolean; columns: number; write(text: string): void } => ({
    isTTY: options.tty,
    columns: 100,
    write: (text) => {
      lines.push(text)
    },
  })
  const { env = {}, json = false } = options
  return { terminal: new Terminal({ stdout: of(out), stderr: of(err), env, json }), out, err }
}

describe('a terminal', () => {
  test('has colour', () => {
    const { terminal: t, out } = terminal({ tty: true })
    t.line(t.paint('green', 'passed'))
    expect(out).toEqual(['\u001b[32mpassed\u001b[0m\n'])
  })

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has none with %j', (env) => {
    const { terminal: t, out } = terminal({ tty: true, env })
    t.line(t.paint('green', 'passed'))
    expect(out).toEqual(['passed\n'])
  })

  test('redraws one line for progress', () => {
    const { terminal: t, err } = terminal({ tty: true, env: { NO_COLOR: '1' } })
    const progress = progressOf('cat', t)
    progress.update({ phase: 'sending', sentBytes: 500, totalBytes: 1000 })
    progress.end()
    expect(err).toEqual(['\r\u001b[Kcat ████████████░░░░░░░░░░░░  50 %  500 B of 1.0 kB', '\r\u001b[K'])
  })
})

describe('what is no terminal', () => {
  test('gets no colour', () => {
    const { terminal: t, out } = terminal({ tty: false })
    t.line(t.paint('red', 'failed'))
    expect(out).toEqual(['failed\n'])
  })

  test('gets progress as plain lines, one for each quarter', () => {
    const { terminal: t, err } = terminal({ tty: false })
    const progress = progressOf('cat', t)
    for (let sent = 0; sent <= 100; sent += 10) {
      progress.update({ phase: 'sending', sentBytes: sent, totalBytes: 100 })
    }
    progress.end()
    expect(err).toEqual([0, 30, 50, 80, 100].map((sent) => `cat: ${sent} B of 100 B\n`))
  })

  test('gets JSON and nothing else with --json', () => {
    const { terminal: t, out, err } = terminal({ tty: false, json: true })
    t.line('for people')
    t.note('for people')
    t.data({ a: 1 })
    expect([out, err]).toEqual([['{"a":1}\n'], []])
  })
})

describe('text from outside', () => {
  test.each([
    ['clears the screen', '\u001b[2J'],
    ['sets the title', '\u001b]0;hi\u0007'],
    ['hides text', '\u001b[8m'],
    ['goes back', '\r\b'],
    ['turns the direction', '\u202e'],
  ])('never %s', (_, sequence) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
    expect(printable(`a${sequence}b`, true)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
  })

  test('keeps line feeds, tabs and letters of every script', () => {
    expect(printable('ä\n\t日本', false)).toBe('ä\n\t日本')
  })
})
