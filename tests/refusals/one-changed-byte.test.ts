import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@blindai/client'
import { measureFiles, openSimulator, type Simulator } from '@blindai/simulator'
import { parsePolicy } from '@blindai/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InstallationCopy, pathsOf } from '../../packages/simulator/test/installation-copy.ts'
import { policyOf } from '../support/served.ts'
import { serveFrom } from './installed-server.ts'

/**
 * Server processes that run from a copy of this installation, in which one byte is changed at random; it is chosen so that
 * the server still starts. Bytes that need not leave a server that starts are tried in the simulator's own suite.
 */

/** Printed, so that a run can be repeated. */
const SEED = Number(process.env.BLINDAI_SEED ?? Math.floor(Math.random() * 2 ** 31))
process.stdout.write(`one changed byte behind a server: BLINDAI_SEED=${SEED}\n`)

const TIMEOUT_MS = 120_000
const NATIVE = /\.(?:node|so[.0-9]*)$/
/** Dependencies that the gatekeeper itself runs; the others are the engines' alone. */
const RUN_AT_START = /^node_modules\/hpke\//

const random = randomFrom(SEED)
let copy: InstallationCopy
let state: string
let simulator: Simulator
let log: string

beforeAll(async () => {
  const original = await measureFiles()
  log = original.log
  copy = new InstallationCopy(original)
  state = await mkdtemp(join(tmpdir(), 'blindai-state-'))
  // Of the copy, so that work on the original meanwhile changes nothing.
  simulator = await openSimulator(join(state, 'simulator'), { installation: copy.root })
}, TIMEOUT_MS)
afterAll(async () => {
  copy?.remove()
  await rm(state, { recursive: true })
})

/** What comes of connecting to a server of the copy with the policy of the untouched copy. */
async function attempt(): Promise<unknown> {
  const server = await serveFrom(copy.root, state)
  try {
    const session = await connect({ url: server.url, policy: parsePolicy(policyOf(simulator)) })
    await session.close()
    return session.result.status
  } catch (error) {
    return error
  } finally {
    await server.close()
  }
}

/** Connects while one letter or bit of a file differs. */
async function attemptWith(path: string, at: number, mask: number): Promise<unknown> {
  const file = join(copy.root, path)
  const original = readFileSync(file)
  const changed = Buffer.from(original)
  changed[at] = (changed[at] ?? 0) ^ mask
  writeFileSync(file, changed)
  try {
    return await attempt()
  } finally {
    writeFileSync(file, original)
  }
}

function mismatchIn(register: string): object {
  return {
    family: 'stop',
    code: 'EVIDENCE_REFUSED',
    details: { status: 'contraindicated', check: 'policy.measurement', reason: 'MEASUREMENT_MISMATCH' },
    report: { failed: { error: { details: { register, differing: [register] } } } },
  }
}

const CASE = 0x20

describe('a server that runs from a copy of this installation', () => {
  test('is accepted while the copy is one', { timeout: TIMEOUT_MS }, async () => {
    expect(await attempt()).toBe('affirming')
  })

  test('is refused for one letter in a comment of a source file', { timeout: TIMEOUT_MS }, async () => {
    const sources = pathsOf(log, 'rtmr2').filter((path) =>
      /^packages\/(?:cli|server|core|channel)\/src\/.*\.ts$/.test(path),
    )
    const commented = sources.filter((path) => lettersOfComments(path).length > 0)
    const path = random.one(commented)
    expect(await attemptWith(path, random.one(lettersOfComments(path)), CASE)).toMatchObject(mismatchIn('rtmr2'))
  })

  test.each([
    ['a dependency', (path: string) => /\.[cm]?js$/.test(path)],
    ['a native library', (path: string) => NATIVE.test(path)],
  ])('is refused for one bit of %s', { timeout: TIMEOUT_MS }, async (_, isOne) => {
    const path = random.one(pathsOf(log, 'rtmr1').filter((one) => isOne(one) && !RUN_AT_START.test(one)))
    const at = random.below(readFileSync(join(copy.root, path)).byteLength)
    expect(await attemptWith(path, at, 1 << random.below(8))).toMatchObject(mismatchIn('rtmr1'))
  })

  test('is refused for one letter of a digest in the lock file', { timeout: TIMEOUT_MS }, async () => {
    const text = readFileSync(join(copy.root, 'package-lock.json'), 'latin1')
    const digests = [...text.matchAll(/"integrity": "sha512-(?=[A-Za-z])/g)]
    const at = random.one(digests.map((match) => match.index + match[0].length))
    expect(await attemptWith('package-lock.json', at, CASE)).toMatchObject(mismatchIn('rtmr0'))
  })

  test('is refused for one letter in a comment inside the Node binary', { timeout: TIMEOUT_MS }, async () => {
    const places = placesOf('Copyright Joyent, Inc. and other Node contributors', readFileSync(join(copy.root, 'node')))
    expect(places.length).toBeGreaterThan(0)
    expect(await attemptWith('node', random.one(places), CASE)).toMatchObject(mismatchIn('mrTd'))
  })
})

/** Offsets of the letters in lines that begin with ` * `. */
function lettersOfComments(path: string): number[] {
  const text = readFileSync(join(copy.root, path), 'latin1')
  const letters: number[] = []
  for (const { 0: line, index } of text.matchAll(/^ +\* .*$/gm)) {
    for (let i = 0; i < line.length; i++) if (/[A-Za-z]/.test(line.charAt(i))) letters.push(index + i)
  }
  return letters
}

function placesOf(text: string, bytes: Buffer): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at)
  return places
}

interface Random {
  below(limit: number): number
  one<T>(of: readonly T[]): T
}

/** A linear congruential generator: all that is asked of it is that a seed gives the same run. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return {
    below,
    one(of) {
      const [chosen] = of.slice(below(of.length))
      if (chosen === undefined) throw new RangeError('nothing to choose from')
      return chosen
    },
  }
}
