import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CAN_FORBID_NAMESPACES, eventsOf, gone, MAIN, startDemo, WITHOUT_NAMESPACES } from './demo-process.ts'
import { copyWithPerturbedWeights } from './perturb.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const WARNING = 'simulated, protects nothing'
const DEMO_TIMEOUT_MS = 120_000

const run = promisify(execFile)

if (!CAN_FORBID_NAMESPACES && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')) {
  throw new Error('BLINDAI_REQUIRE names faults, and this machine cannot forbid namespaces to a program')
}

/** What a right demo says: photographs, messages and recordings over both ways in. */
const RIGHT_ANSWERS = [
  { input: 'images/cat.jpg', answer: 'Egyptian cat' },
  { input: 'images/parrot.jpg', answer: 'macaw' },
  { input: 'images/hot_dog.jpg', answer: 'hotdog' },
  { input: expect.stringContaining('88800 and 89034'), answer: 'spam' },
  { input: expect.stringContaining("What's up"), answer: 'ham' },
  { input: expect.stringContaining('LookAtMe!'), answer: 'spam' },
  { input: 'audio/words_06.wav', answer: 'go go right yes' },
  { input: 'audio/words_07.wav', answer: 'stop up' },
]

describe('the demo', { timeout: DEMO_TIMEOUT_MS }, () => {
  test('classifies photographs, messages and recordings rightly and ends with 0', async () => {
    const { code, stdout, stderr } = await startDemo(['--once', '--json']).ended
    expect(stderr).toBe('')
    const events = eventsOf(stdout)
    expect(events.map(({ event }) => event)).toEqual([
      'listening',
      'refused',
      'attested',
      ...Array(3).fill('uploaded'),
      ...Array(RIGHT_ANSWERS.length).fill('answer'),
    ])
    expect(events[0]).toMatchObject({ simulated: true, protects: 'nothing' })
    expect(events[1]).toMatchObject({ policy: 'built-in', code: 'SIMULATED_NOT_ALLOWED' })
    expect(events[2]).toMatchObject({ result: { status: 'affirming', trustClass: 'simulated' } })
    const answers = events.filter(({ event }) => event === 'answer')
    expect(answers).toEqual(RIGHT_ANSWERS.map((answer) => expect.objectContaining({ ...answer, correct: true })))
    expect(new Set(answers.map(({ transport }) => transport))).toEqual(new Set(['tls', 'ohttp']))
    expect(code).toBe(0)
  })

  test('ends with 1 and shows what is wrong when weights were perturbed', async () => {
    const samples = mkdtempSync(join(tmpdir(), 'blindai-perturbed-'))
    onTestFinished(() => rmSync(samples, { recursive: true }))
    copyWithPerturbedWeights(join(ROOT, 'samples'), samples)
    const { code, stdout } = await startDemo(['--once', '--json'], { env: { BLINDAI_SAMPLES: samples } }).ended
    const events = eventsOf(stdout)
    expect(events.filter(({ event }) => event === 'answer')).toHaveLength(RIGHT_ANSWERS.length)
    expect(events.at(-1)).toMatchObject({ error: { code: 'ANSWERS_WRONG' } })
    expect(code).toBe(1)
  })

  test('says on every screen that it protects nothing, also twice at the same time', async () => {
    const demos = await Promise.all([startDemo(['--once']).ended, startDemo(['--once']).ended])
    for (const { code, stdout } of demos) {
      expect(code).toBe(0)
      const steps = stdout.split('\n').filter((line) => /^\d {2}/.test(line))
      expect(steps).toHaveLength(5)
      for (const step of steps) expect(step).toContain(WARNING)
      expect(stdout).toContain('SIMULATED_NOT_ALLOWED')
      expect(stdout).not.toContain('\u001b[')
    }
  })

  test('stays up, prints commands that work as they stand, and cleans up at Ctrl-C', async () => {
    const demo = startDemo([])
    await demo.shown('Ctrl-C ends the server')
    const commands = demo
      .stdout()
      .split('\n')
      .filter((line) => /^ {2}(?:export|npm|env) /.test(line))
      .map((line) => line.trim())
    const [exports = '', ...others] = commands
    expect(others.length).toBeGreaterThan(5)
    const refused = others.filter((command) => command.startsWith('env -u BLINDAI_POLICY'))
    for (const command of others.filter((other) => !refused.includes(other))) {
      await expect(run('sh', ['-c', `${exports}\n${command}`], { cwd: ROOT }), command).resolves.toBeDefined()
    }
    for (const command of refused) {
      await expect(run('sh', ['-c', `${exports}\n${command}`], { cwd: ROOT })).rejects.toMatchObject({ code: 20 })
    }
    expect(statSync(demo.state).mode & 0o777).toBe(0o700)
    const [pid = 0] = [...demo.stdout().matchAll(/process (\d+)/g)].map((match) => Number(match[1]))
    demo.child.kill('SIGINT')
    expect(await demo.ended).toMatchObject({ code: 0 })
    await gone(pid)
    expect(readdirSync(demo.state)).toEqual(['simulator'])
  })

  test('leaves no server behind when it is killed', async () => {
    const demo = startDemo([])
    await demo.shown('process ')
    const pid = Number(/process (\d+)/.exec(demo.stdout())?.[1])
    demo.child.kill('SIGKILL')
    await gone(pid)
  })
})

describe.skipIf(!CAN_FORBID_NAMESPACES)('a machine without namespaces', { timeout: DEMO_TIMEOUT_MS }, () => {
  test('runs the demo all the same, with a line that nobody misses', async () => {
    const { code, stdout } = await startDemo(['--once'], { within: WITHOUT_NAMESPACES }).ended
    expect(stdout).toMatch(/^!{78}\n! ENGINES RUN BEHIND A WEAKER WALL.*\n! Missing: .*network namespace/m)
    expect(code).toBe(0)
  })

  test('runs no server, unless less is asked for by name', async () => {
    const state = mkdtempSync(join(tmpdir(), 'blindai-weak-'))
    onTestFinished(() => rmSync(state, { recursive: true }))
    const [unshare = '', ...within] = WITHOUT_NAMESPACES
    const serve = ['--conditions=source', MAIN, 'serve', '--simulated', '--port', '0', '--plain-port', '0', '--json']
    const started = run(unshare, [...within, process.execPath, ...serve, '--state', state])
    await expect(started).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('"code":"WALL_TOO_WEAK"') })
  })
})
