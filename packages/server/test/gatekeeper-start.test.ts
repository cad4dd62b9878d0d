import { describe, expect, test, vi } from 'vitest'
import { parseServerConfig } from '../src/config.ts'
import { type ServerDependencies, startServer } from '../src/gatekeeper.ts'
import { OpenedParts } from '../src/opened-parts.ts'
import { FakeEngines } from './fixtures/fake-engines.ts'
import { ECHO_SOURCE } from './fixtures/house.ts'

const { guard, steps } = vi.hoisted(() => ({ guard: { fails: false }, steps: [] as string[] }))

vi.mock('../src/core-files.ts', () => ({
  forbidCoreFiles() {
    steps.push('guarded')
    if (guard.fails) throw new TypeError('made by a test')
  },
}))

vi.mock('../src/boot-keys.ts', async (original) => {
  const actual = await original<typeof import('../src/boot-keys.ts')>()
  return {
    ...actual,
    makeBootKeys() {
      steps.push('keys made')
      return actual.makeBootKeys()
    },
  }
})

const CONFIG = parseServerConfig(
  JSON.stringify({ listen: { host: '127.0.0.1', port: 0 }, tenants: [], isolation: 'none' }),
)
const DEPENDENCIES: ServerDependencies = {
  evidence: ECHO_SOURCE,
  software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
  log: () => undefined,
  engines: { isolation: 'none', missing: [], start: new FakeEngines().start },
}

describe('a server that starts', () => {
  test('forbids core files before it makes a key, and makes none where it cannot', async () => {
    const server = await startServer(CONFIG, DEPENDENCIES)
    await server.close()
    expect(steps).toEqual(['guarded', 'keys made'])
    guard.fails = true
    await expect(startServer(CONFIG, DEPENDENCIES)).rejects.toThrow(TypeError)
    expect(steps).toEqual(['guarded', 'keys made', 'guarded'])
  })
})

describe('what a server has opened', () => {
  test('is closed once, the last first, what follows a failure too', async () => {
    const closed: string[] = []
    const parts = new OpenedParts(() => expect.unreachable())
    parts.add(() => void closed.push('first'))
    parts.add(async () => {
      throw new TypeError('made by a test')
    })
    parts.add(async () => void closed.push('last'))
    await expect(parts.close()).rejects.toThrow(TypeError)
    expect(closed).toEqual(['last', 'first'])
    await parts.close()
    expect(closed).toHaveLength(2)
  })

  test('fails with its first failure, and tells of each of the others', async () => {
    const told: unknown[] = []
    const parts = new OpenedParts((cause) => told.push(cause))
    const failures = [new RangeError('third'), new RangeError('second'), new TypeError('first')]
    for (const failure of failures) {
      parts.add(() => {
        throw failure
      })
    }
    await expect(parts.close()).rejects.toBe(failures[2])
    expect(told).toEqual([failures[1], failures[0]])
  })
})
