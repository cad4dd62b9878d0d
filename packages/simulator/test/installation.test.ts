import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createMockAuthority,
  type Installation,
  isSimulatorError,
  measureFiles,
  measureInstallation,
} from '@blindai/simulator'
import { verify } from '@blindai/verifier'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { attest, channel, NOW, policyFor } from './attested.ts'
import { InstallationCopy, pathsOf, ROOT } from './installation-copy.ts'

/** Printed, so that a run can be repeated. */
const SEED = Number(process.env.BLINDAI_SEED ?? Math.floor(Math.random() * 2 ** 31))
process.stdout.write(`one changed byte: BLINDAI_SEED=${SEED}\n`)

const REGISTERS = ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const
const NATIVE = /\.(?:node|so[.0-9]*)$/

describe('this installation', async () => {
  const original = await measureFiles()
  const copy = new InstallationCopy(original)
  afterAll(() => copy.remove())
  const sources = pathsOf(original.log, 'rtmr2')
  const dependencies = pathsOf(original.log, 'rtmr1')
  const scripts = dependencies.filter((path) => /\.[cm]?js$/.test(path))
  const native = dependencies.filter((path) => NATIVE.test(path))

  function changed(installation: Installation): string[] {
    return REGISTERS.filter((name) => installation.measurements[name] !== original.measurements[name])
  }

  /** The files whose line in the log is not the original's. */
  function differing(installation: Installation): string[] {
    const known = new Set(original.log.split('\n'))
    const lines = installation.log.split('\n').filter((line) => !known.has(line) && !line.startsWith('# '))
    return lines.map((line) => line.slice(66))
  }

  /** Files of a group, and a position in each, by the seed. */
  function choose(paths: readonly string[], count: number): [string, number][] {
    const position = fc.integer({ min: 0, max: 999_999 }).map((millionths) => millionths / 1_000_000)
    return fc.sample(fc.noBias(fc.tuple(fc.constantFrom(...paths), position)), { seed: SEED, numRuns: count })
  }

  /** Where the policy of the untouched installation stops the evidence of another. */
  async function refusal({ measurements }: Installation): Promise<unknown> {
    const authority = createMockAuthority({ now: NOW })
    const attester = await attest(authority.source({ measurements }))
    const policy = policyFor(authority.rootSha256, original.measurements)
    return (await verify(await attester.document(), policy, { now: NOW, channel })).failed?.error
  }

  /** The error for a register that differs. */
  function mismatch(register: string): unknown {
    return expect.objectContaining({ code: 'MEASUREMENT_MISMATCH', details: expect.objectContaining({ register }) })
  }

  test('is accepted by a policy of its measurements, wherever it lies', async () => {
    expect(await refusal(await copy.measure())).toBeUndefined()
  })

  test('measures the same wherever it lies', async () => {
    expect((await copy.measure()).measurements).toEqual(original.measurements)
    expect(await measureInstallation()).toEqual(original.measurements)
  })

  test('has its sources, its dependencies and the native libraries of this platform in the log', () => {
    expect(pathsOf(original.log, 'rtmr0')).toEqual(['package-lock.json'])
    expect(sources).toEqual(expect.arrayContaining(['packages/core/src/index.ts', 'packages/server/package.json']))
    expect(sources.filter((path) => /\/(?:test|dist)\//.test(path))).toEqual([])
    expect(native.join('\n')).toMatch(/onnxruntime_binding\.node/)
    expect(native.join('\n')).toMatch(/libonnxruntime\.so\.1/)
    expect(native.filter((path) => !path.includes(process.arch))).toEqual([])
    expect(scripts.join('\n')).not.toMatch(/node_modules\/(?:vitest|typescript|@biomejs)\//)
  })

  test('has each file in one register, and each manifest in order', () => {
    const all = REGISTERS.map((register) => pathsOf(original.log, register))
    expect(new Set(all.flat()).size).toBe(all.flat().length)
    for (const paths of all) expect(paths).toEqual([...paths].sort())
  })

  test.for(choose(sources, 2))('shows one changed bit of %s at %s in rtmr2', async ([path, position]) => {
    const flipped = await copy.measureFlipped(path, position)
    expect(changed(flipped)).toEqual(['rtmr2'])
    expect(await refusal(flipped)).toEqual(mismatch('rtmr2'))
    expect(differing(flipped)).toEqual([path])
    expect(flipped.digest).not.toBe(original.digest)
  })

  test.for([...choose(scripts, 2), ...choose(native, 2)])(
    'shows one changed bit of %s at %s in rtmr1',
    async ([path, position]) => {
      const flipped = await copy.measureFlipped(path, position)
      expect(changed(flipped)).toEqual(['rtmr1'])
      expect(await refusal(flipped)).toEqual(mismatch('rtmr1'))
      expect(differing(flipped)).toEqual([path])
    },
  )

  test.for(choose(['node'], 1))(
    'shows one changed bit of the Node binary, %s, at %s in mrTd',
    async ([path, position]) => {
      const flipped = await copy.measureFlipped(path, position)
      expect(changed(flipped)).toEqual(['mrTd'])
      expect(await refusal(flipped)).toEqual(mismatch('mrTd'))
    },
  )

  test.for(choose(['package-lock.json'], 2))(
    'shows one changed bit of a digest in %s, at %s, in rtmr0',
    async ([path, position]) => {
      const digests = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/"integrity": "sha512-(?=[^"])/g)]
      const digest = digests[Math.floor(position * digests.length)]
      const flipped = await copy.measureFlippedAt(path, (digest?.index ?? 0) + (digest?.[0].length ?? 0))
      expect(changed(flipped)).toEqual(['rtmr0'])
      expect(await refusal(flipped)).toEqual(mismatch('rtmr0'))
    },
  )

  test.for(choose(['package-lock.json'], 3))(
    'shows one changed bit of %s at %s in rtmr0, or cannot follow it',
    async ([path, position]) => {
      try {
        expect(changed(await copy.measureFlipped(path, position))).toContain('rtmr0')
      } catch (error) {
        if (!isSimulatorError(error)) throw error
        expect(['LOCK_FILE_UNSUPPORTED', 'PACKAGE_MISSING']).toContain(error.code)
      }
    },
  )
})
