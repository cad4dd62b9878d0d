import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { measureFiles } from '@blindai/simulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ownFiles } from '../src/installation/package-files.ts'
import { pathsOf } from './installation-copy.ts'

type Lock = Record<string, Record<string, unknown>>

const LOCK: Lock = {
  '': { name: 'workspace' },
  'node_modules/@blindai/server': { resolved: 'packages/server', link: true },
  'packages/server': {
    version: '0.1.0',
    dependencies: { outer: '1', '@scope/one': '1' },
    optionalDependencies: { absent: '1' },
  },
  'node_modules/outer': {
    version: '1.0.0',
    dependencies: { inner: '2' },
    peerDependencies: { peer: '1', nobody: '1' },
  },
  'node_modules/outer/node_modules/inner': { version: '2.0.0' },
  'node_modules/inner': { version: '1.0.0', dev: true },
  'node_modules/@scope/one': { version: '1.0.0' },
  'node_modules/peer': { version: '1.0.0' },
  'node_modules/absent': { version: '1.0.0', optional: true },
  'node_modules/tool': { version: '1.0.0', dev: true },
}

const FILES: readonly string[] = [
  'packages/server/package.json',
  'packages/server/tsconfig.json',
  'packages/server/README.md',
  'packages/server/src/index.ts',
  'packages/server/src/deep/test/kept.ts',
  'packages/server/dist/index.js',
  'packages/server/test/server.test.ts',
  'packages/server/assets/data.json',
  'packages/server/node_modules/.cache/tool/index.js',
  'packages/server/.attachments/left-by-a-test.json',
  'node_modules/outer/index.js',
  'node_modules/outer/index.d.ts',
  'node_modules/outer/index.js.map',
  'node_modules/outer/README.md',
  'node_modules/outer/LICENSE',
  'node_modules/outer/darwin/path.js',
  `node_modules/outer/bin/${process.platform}/${process.arch}/lib.so.1`,
  `node_modules/outer/bin/${process.platform}/mips/lib.node`,
  `node_modules/outer/bin/${process.platform}/s390x/lib.node`,
  'node_modules/outer/bin/darwin/arm64/lib.node',
  'node_modules/outer/bin/win32/x64/lib.dll',
  'node_modules/outer/node_modules/inner/index.cjs',
  'node_modules/inner/index.js',
  'node_modules/@scope/one/index.js',
  'node_modules/peer/table.wasm',
  'node_modules/tool/index.js',
]

/** A small installation of the given lock file and files. */
function installation(lock: Lock = LOCK, files: readonly string[] = FILES, lockfileVersion = 3): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'blindai-tree-')))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion, packages: lock }))
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), file)
  }
  for (const [location, entry] of Object.entries(lock)) {
    if (entry.link !== true) continue
    mkdirSync(dirname(join(root, location)), { recursive: true })
    symlinkSync(join(root, String(entry.resolved)), join(root, location))
  }
  return root
}

const measure = (root: string) => measureFiles({ root, nodeBinary: join(root, 'package-lock.json') })

describe('the measured files of a small installation', () => {
  test('are own files but for tests, pages and the form that does not run', async () => {
    expect(pathsOf((await measure(installation())).log, 'rtmr2')).toEqual([
      'packages/server/assets/data.json',
      'packages/server/package.json',
      'packages/server/src/deep/test/kept.ts',
      'packages/server/src/index.ts',
    ])
  })

  test('are run-time dependencies as Node finds them, but for types, maps, pages and foreign native libraries', async () => {
    expect(pathsOf((await measure(installation())).log, 'rtmr1')).toEqual([
      'node_modules/@scope/one/index.js',
      'node_modules/outer/LICENSE',
      `node_modules/outer/bin/${process.platform}/mips/lib.node`,
      `node_modules/outer/bin/${process.platform}/${process.arch}/lib.so.1`,
      'node_modules/outer/darwin/path.js',
      'node_modules/outer/index.js',
      'node_modules/outer/node_modules/inner/index.cjs',
      'node_modules/peer/table.wasm',
    ])
  })

  test.for([
    'packages/node_modules/outer/index.js',
    'packages/server/node_modules/outer/index.js',
    'packages/server/src/node_modules/@scope/any/index.js',
    'node_modules/@scope/node_modules/inner/index.js',
    'node_modules/outer/lib/node_modules/inner/node_modules/deep/index.js',
  ])('include what Node would find before a package of the lock file: %s', async (path) => {
    const registers = (await measure(installation(LOCK, [...FILES, path]))).log
    expect(pathsOf(registers, 'rtmr1')).toContain(path)
  })

  test('include the sources where the build runs, for a start that mixes both', () => {
    const root = installation()
    const own = ownFiles(join(root, 'packages/server'), 'dist').files.map((path) => path.slice(root.length + 1))
    expect(own).toEqual(expect.arrayContaining(['packages/server/dist/index.js', 'packages/server/src/index.ts']))
  })

  test('include a file that a link in a package names', async () => {
    const root = installation()
    symlinkSync(join(root, 'node_modules/tool/index.js'), join(root, 'node_modules/outer/linked.js'))
    expect(pathsOf((await measure(root)).log, 'rtmr1')).toContain('node_modules/outer/linked.js')
  })

  test('are found through the record that npm keeps where there is no lock file', async () => {
    const root = installation(
      {
        'node_modules/blindai': { version: '0.1.0', dependencies: { '@blindai/core': '0.1.0', outer: '1' } },
        'node_modules/@blindai/core': { version: '0.1.0' },
        'node_modules/outer': { version: '1.0.0' },
      },
      ['node_modules/blindai/src/main.ts', 'node_modules/@blindai/core/src/a.ts', 'node_modules/outer/index.js'],
    )
    writeFileSync(join(root, 'node_modules/.package-lock.json'), readFileSync(join(root, 'package-lock.json')))
    rmSync(join(root, 'package-lock.json'))
    const { log } = await measureFiles({ root, nodeBinary: join(root, 'node_modules/.package-lock.json') })
    expect(pathsOf(log, 'rtmr0')).toEqual(['node_modules/.package-lock.json'])
    expect(pathsOf(log, 'rtmr1')).toEqual(['node_modules/outer/index.js'])
    expect(pathsOf(log, 'rtmr2')).toEqual(['node_modules/@blindai/core/src/a.ts', 'node_modules/blindai/src/main.ts'])
  })
})

describe('an installation that cannot be measured', () => {
  test.for<[string, Lock, number, string, RegExp]>([
    ['whose lock file is of another version', LOCK, 2, 'LOCK_FILE_UNSUPPORTED', /lockfileVersion is not 3/],
    ['without a package of ours', { '': {} }, 3, 'LOCK_FILE_UNSUPPORTED', /none of/],
    [
      'whose lock file lacks a dependency',
      { ...LOCK, 'packages/server': { dependencies: { unknown: '1' } } },
      3,
      'LOCK_FILE_UNSUPPORTED',
      /no entry for unknown, which @blindai\/server needs/,
    ],
    [
      'whose lock file leaves the installation',
      { ...LOCK, '../outside': {} },
      3,
      'LOCK_FILE_UNSUPPORTED',
      /leaves the installation/,
    ],
  ])('is refused: one %s', async ([, lock, version, code, reason]) => {
    const root = installation(LOCK, FILES, version)
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: version, packages: lock }))
    await expect(measure(root)).rejects.toMatchObject({ code, details: { reason: expect.stringMatching(reason) } })
  })

  test('is refused: one whose lock file is not JSON', async () => {
    const root = installation()
    writeFileSync(join(root, 'package-lock.json'), '{')
    await expect(measure(root)).rejects.toMatchObject({ code: 'LOCK_FILE_UNSUPPORTED' })
  })

  test('is refused: one that lacks a package', async () => {
    const root = installation()
    rmSync(join(root, 'node_modules/outer/node_modules/inner'), { recursive: true })
    await expect(measure(root)).rejects.toMatchObject({ code: 'PACKAGE_MISSING', details: { package: 'inner' } })
  })

  test('is refused: one with a folder behind a link in a package', async () => {
    const root = installation()
    symlinkSync(join(root, 'node_modules/tool'), join(root, 'node_modules/outer/lib'))
    await expect(measure(root)).rejects.toMatchObject({ code: 'FILE_NOT_MEASURABLE', details: { file: 'lib' } })
  })

  test('is refused: one with a dangling link', async () => {
    const root = installation()
    symlinkSync(join(root, 'nowhere'), join(root, 'node_modules/outer/lib'))
    await expect(measure(root)).rejects.toMatchObject({ code: 'FILE_NOT_MEASURABLE', details: { reason: 'ENOENT' } })
  })

  test('is refused: one with a line break in a name', async () => {
    const root = installation(LOCK, [...FILES, 'node_modules/outer/a\nb.js'])
    await expect(measure(root)).rejects.toMatchObject({ code: 'FILE_NOT_MEASURABLE' })
  })

  test('is refused: one whose Node binary cannot be read', async () => {
    const root = installation()
    await expect(measureFiles({ root, nodeBinary: join(root, 'none') })).rejects.toMatchObject({
      code: 'FILE_NOT_MEASURABLE',
      details: { file: 'the Node binary', reason: 'ENOENT' },
    })
  })

  test('is refused: a folder without a lock file', async () => {
    const root = installation()
    await expect(measureFiles({ root: join(root, 'packages') })).rejects.toMatchObject({
      code: 'INSTALLATION_NOT_FOUND',
    })
  })
})
