import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '../..')
const FOLDERS = readdirSync(join(REPOSITORY, 'packages'))

/** Where a program that installed the packed packages would find them. */
interface Installed {
  readonly folder: string
  readonly names: readonly string[]
}

/** Packs every package as it would be published and unpacks it where Node looks; what others made is linked. */
function install(): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-packed-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@blindai'), { recursive: true })
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    if (name.startsWith('.') || name === '@blindai' || name === 'blindai') continue
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name))
  }
  const names: string[] = []
  for (const packed of FOLDERS) {
    const source = join(REPOSITORY, 'packages', packed)
    const { name }: { name: string } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    const printed = execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
      cwd: source,
      encoding: 'utf8',
    })
    const file = /"filename":\s*"([^"]+)"/.exec(printed)?.[1] ?? ''
    mkdirSync(join(modules, name))
    execFileSync('tar', ['xzf', join(folder, file.replace('@', '').replace('/', '-')), '--strip-components=1'], {
      cwd: join(modules, name),
    })
    names.push(name)
  }
  return { folder, names }
}

describe('the packages as they are published', () => {
  let installed: Installed
  beforeAll(() => {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: REPOSITORY })
    installed = install()
  }, 120_000)
  afterAll(() => rmSync(installed.folder, { recursive: true }))

  test.each(FOLDERS)('%s resolves as its exports say', async (name) => {
    const { messages } = await publint({ pkgDir: join(REPOSITORY, 'packages', name), strict: true })
    expect(messages.filter(({ type }) => type !== 'suggestion')).toEqual([])
  })

  test('load on Node without a source file of ours', () => {
    const script = join(installed.folder, 'load.mjs')
    const libraries = installed.names.filter((name) => name !== 'blindai')
    writeFileSync(
      script,
      `for (const name of ${JSON.stringify(libraries)}) {
        console.log(name, import.meta.resolve(name))
        if (Object.keys(await import(name)).length === 0) throw new Error(name + ' exports nothing')
      }`,
    )
    const printed = execFileSync('node', [script], { cwd: installed.folder, encoding: 'utf8' })
    expect(printed.trim().split('\n')).toHaveLength(libraries.length)
    expect(printed).not.toContain('.ts')
  })

  test('give the command', () => {
    const main = join(installed.folder, 'node_modules/blindai/dist/main.js')
    const printed = execFileSync('node', [main, '--help'], { cwd: installed.folder, encoding: 'utf8' })
    expect(printed).toContain('models upload')
  })
})
