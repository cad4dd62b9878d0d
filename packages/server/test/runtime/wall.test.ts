import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readTar } from '../../src/runtime/engine/bundle/tar.ts'
import { buildWall, startEngine, unwalled } from '../../src/runtime/host/index.ts'
import { firstFreeId } from '../../src/runtime/host/wall/identity.ts'
import { isForEveryone, planPrivateRoot } from '../../src/runtime/host/wall/private-root.ts'
import { findTools } from '../../src/runtime/host/wall/tools.ts'
import { LIMITS, onnx, sample } from './fixtures/samples.ts'

const LEVEL = fileURLToPath(new URL('./fixtures/show-level.ts', import.meta.url))
const FORBID = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$@"'
const tools = findTools()

const HIDE = 'mount --bind /dev/null "$0" && exec "$@"'

interface Shown {
  readonly status: number | null
  readonly stdout: string
}

/** Runs a command as the root of a user namespace in which there can be no other. */
function withoutNamespaces(...command: readonly string[]): Shown {
  if (tools === undefined) return { status: null, stdout: '' }
  return spawnSync(tools.unshare, ['-r', tools.sh, '-c', FORBID, 'sh', ...command], { encoding: 'utf8' })
}

/** Runs a command where a device that is no program lies in Perl's place. */
function hidePerl(...command: readonly string[]): Shown {
  if (tools?.perl === undefined) return { status: null, stdout: '' }
  return spawnSync(tools.unshare, ['-r', '-m', tools.sh, '-c', HIDE, tools.perl, ...command], { encoding: 'utf8' })
}

const canForbid = withoutNamespaces('true').status === 0
const isRequired = (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')
const isWhole = (await buildWall()).level === 'full'

describe('the wall', () => {
  test.runIf(isWhole || isRequired)('is whole on this machine', async () => {
    expect(await buildWall()).toMatchObject({ level: 'full', missing: [] })
  })

  test.runIf(canForbid)('is reduced where namespaces are forbidden, says what it lacks, and still runs models', () => {
    const shown = withoutNamespaces(process.execPath, '--conditions=source', LEVEL)
    expect(JSON.parse(shown.stdout)).toEqual({
      level: 'reduced',
      missing: [
        'own user',
        'process namespace',
        'network namespace',
        'ipc namespace',
        'host name namespace',
        'private file system',
        'death with the server',
      ],
      outputs: ['Plus214_Output_0'],
    })
  })

  test.runIf(isWhole && hidePerl('true').status === 0)(
    'lacks the filter of system calls where Perl does not run',
    () => {
      const shown = hidePerl(process.execPath, '--conditions=source', LEVEL)
      expect(JSON.parse(shown.stdout)).toEqual({
        level: 'reduced',
        missing: ['system-call filter'],
        outputs: ['Plus214_Output_0'],
      })
    },
  )

  test('can be left away, and says so', async () => {
    expect(unwalled()).toMatchObject({
      level: 'none',
      missing: expect.arrayContaining(['own user', 'private file system']),
    })
    const engine = await startEngine(onnx(sample('models/mnist.onnx')), LIMITS, unwalled())
    await engine.kill()
    expect(await engine.exited).toMatchObject({ reason: 'stopped' })
  })

  test('that cannot be put together is no crash of the model', async () => {
    const wall = await buildWall()
    const broken = {
      ...wall,
      spawn: () =>
        unwalled().spawn({
          memoryBudgetBytes: 0,
          program: fileURLToPath(new URL('./fixtures/wall-fails.ts', import.meta.url)),
        }),
    }
    await expect(startEngine(onnx(sample('models/mnist.onnx')), LIMITS, broken)).rejects.toMatchObject({
      code: 'WALL_UNAVAILABLE',
    })
  })
})

describe.runIf(isWhole || isRequired)('the private file system', () => {
  const files = tools === undefined ? new Map<string, Uint8Array>() : readTar(planPrivateRoot(tools).archive)
  const inside = [...files.keys()].filter((path) => path.startsWith('root/')).map((path) => path.slice(5))

  test('holds no code of the server but the runtime of engines', () => {
    const own = inside.filter((path) => path.startsWith('app/') && !path.startsWith('app/node_modules/'))
    expect(own.filter((path) => !/^app\/(package\.json|runtime\/(engine|wire)\/.*\.js)$/.test(path))).toEqual([])
    expect(own).toContain('app/runtime/engine/main.js')
  })

  test('shows what is outside read-only, and nothing that is not for engines', () => {
    const lines = new TextDecoder().decode(files.get('fstab')).trim().split('\n')
    for (const line of lines) expect(line).toMatch(/^\S+ \S+ none bind,ro,nosuid,nodev 0 0$/)
    const shown = lines.map((line) => line.split(' ')[1]?.replace(/.*\/host\/root\//, '') ?? '')
    expect(shown.filter((path) => !/^(node$|setpriv$|lib|usr\/lib|app\/node_modules\/)/.test(path))).toEqual([])
  })

  test('knows what only its owner may read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'blindai-wall-'))
    const file = join(folder, 'file')
    writeFileSync(file, '')
    chmodSync(folder, 0o755)
    chmodSync(file, 0o644)
    expect(isForEveryone(folder)).toBe(true)
    chmodSync(file, 0o640)
    expect(isForEveryone(folder)).toBe(false)
    chmodSync(file, 0o644)
    chmodSync(folder, 0o700)
    expect(isForEveryone(folder)).toBe(false)
    rmSync(folder, { recursive: true })
  })

  test('has JavaScript in the place of TypeScript', () => {
    for (const [path, bytes] of files) {
      expect(path).not.toMatch(/\.ts$/)
      if (path.endsWith('.js')) expect(new TextDecoder().decode(bytes)).not.toMatch(/from '\.[^']*\.ts'/)
    }
  })
})

describe('the ids of engines', () => {
  test('are far from all others where this process has all ids', () => {
    expect(firstFreeId('         0          0 4294967295\n')).toBe(0x7000_0000)
  })

  test('are the last of a range, where that is wide enough', () => {
    expect(firstFreeId('0 100000 65536\n')).toBeUndefined()
    expect(firstFreeId('0 1000 1\n1 100000 200000\n')).toBe(200_001 - 65_536)
  })

  test('do not exist where one user is all there is', () => {
    expect(firstFreeId('0 1000 1\n')).toBeUndefined()
  })
})
