import { execFileSync } from 'node:child_process'
import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measureFiles } from '@blindai/simulator'
import { describe, expect, test } from 'vitest'
import { pathsOf, ROOT } from './installation-copy.ts'

const TRACER = fileURLToPath(new URL('trace-loads.ts', import.meta.url))
const NODE = realpathSync(process.execPath)

/** What a process that imports the entries loads of this repository, relative to its root. */
function loadsOf(...entries: readonly string[]): { modules: string[]; mapped: string[] } {
  const words = ['--conditions=source', TRACER, ...entries.map((entry) => join(ROOT, entry))]
  const printed = execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 2 ** 24 })
  const loads: { modules: string[]; mapped: string[] } = JSON.parse(printed)
  const inside = (paths: readonly string[]): string[] =>
    paths
      .filter((path) => path.startsWith(`${ROOT}/`) && path !== TRACER && path !== NODE)
      .map((path) => path.slice(ROOT.length + 1))
  return { modules: inside(loads.modules), mapped: inside(loads.mapped) }
}

/** Every file of the engine's own code: what it imports while it works is loaded too. */
function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
}

describe('the measured files', async () => {
  const { log } = await measureFiles()
  const measured = new Set(['rtmr1', 'rtmr2'].flatMap((register) => pathsOf(log, register)))
  const unmeasured = (paths: readonly string[]): string[] => paths.filter((path) => !measured.has(path))

  test('hold every module that server, command and simulator load', () => {
    const { modules } = loadsOf(
      'packages/server/src/index.ts',
      'packages/cli/src/index.ts',
      'packages/simulator/src/index.ts',
    )
    expect(modules).toEqual(expect.arrayContaining(['packages/core/src/index.ts', 'packages/server/src/index.ts']))
    expect(unmeasured(modules)).toEqual([])
  })

  test('hold every module and native library that an engine loads', () => {
    const server = 'packages/server/package.json'
    const { modules, mapped } = loadsOf(`${server}#onnxruntime-node`, `${server}#@huggingface/transformers`)
    expect(modules.join('\n')).toContain('node_modules/onnxruntime-node/')
    expect(modules.join('\n')).toContain('node_modules/sharp/')
    expect(mapped.join('\n')).toMatch(/libonnxruntime\.so/)
    expect(mapped.join('\n')).toMatch(/libvips-cpp\.so/)
    expect(unmeasured([...modules, ...mapped])).toEqual([])
  })

  test('hold every file of our own packages that could be imported', () => {
    const folders = ['core', 'protocol', 'channel', 'store', 'server', 'simulator', 'client', 'verifier', 'cli']
    expect(unmeasured(folders.flatMap((name) => sourcesBelow(`packages/${name}/src`)))).toEqual([])
  })
})
