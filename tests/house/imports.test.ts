import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const REPOSITORY = join(import.meta.dirname, '../..')

const IMPORTS = [
  ['packages/core/src', '@blindai/verifier', 'noRestrictedImports'],
  ['packages/protocol/src', '@blindai/channel', 'noRestrictedImports'],
  ['packages/verifier/src', '@blindai/protocol', 'noRestrictedImports'],
  ['packages/verifier/src', 'node:fs', 'noNodejsModules'],
  ['packages/verifier/src', '../../channel/src/index.ts', 'noRestrictedImports'],
  ['packages/verifier/src', 'fast-check', 'noUndeclaredDependencies'],
  ['packages/receipts/src', '@blindai/verifier', 'noRestrictedImports'],
  ['packages/channel/src', '@blindai/verifier', 'noRestrictedImports'],
  ['packages/client/src', '@blindai/server', 'noRestrictedImports'],
  ['packages/client/src', 'node:tls', 'noNodejsModules'],
  ['packages/endorsements/src', '@blindai/server', 'noRestrictedImports'],
  ['packages/endorsements/src', '../../server/src/index.ts', 'noRestrictedImports'],
  ['packages/store/src', '@blindai/server', 'noRestrictedImports'],
  ['packages/store/src', 'node:http', 'noRestrictedImports'],
  ['packages/store/src', 'onnxruntime-node', 'noUndeclaredDependencies'],
  ['packages/server/src/http', '@blindai/store', 'noRestrictedImports'],
  ['packages/server/src/runtime/host', '@blindai/store', 'noRestrictedImports'],
  ['packages/server/src/legacy', '@blindai/verifier', 'noRestrictedImports'],
  ['packages/server/src/http', 'onnxruntime-node', 'noRestrictedImports'],
  ['packages/server/src/http', '../runtime/engine/main.ts', 'noRestrictedImports'],
  ['packages/server/src/attester', '@blindai/verifier', 'noRestrictedImports'],
  ['packages/server/src/scheduler', '../http/router.ts', 'noRestrictedImports'],
  ['packages/server/src/runtime/host', '../../models/repository.ts', 'noRestrictedImports'],
  ['packages/server/src/runtime/host', '@blindai/simulator', 'noRestrictedImports'],
] as const

const GLOBALS = [
  ['packages/store/src', 'Date'],
  ['packages/verifier/src', 'fetch'],
  ['packages/verifier/src', 'Date'],
  ['packages/channel/src', 'Date'],
  ['packages/protocol/src', 'process'],
  ['packages/client/src', 'Buffer'],
  ['packages/endorsements/src', 'fetch'],
] as const

describe('the walls between the rooms', () => {
  let house: string
  let report: string

  // One copy of the rules and of the manifests, one probe file a case, one run of the linter over all of them.
  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), 'blindai-house-'))
    cpSync(join(REPOSITORY, 'biome.json'), join(house, 'biome.json'))
    for (const name of readdirSync(join(REPOSITORY, 'packages'))) {
      mkdirSync(join(house, 'packages', name), { recursive: true })
      cpSync(join(REPOSITORY, 'packages', name, 'package.json'), join(house, 'packages', name, 'package.json'))
    }
    const write = (path: string, source: string): void => {
      mkdirSync(dirname(join(house, path)), { recursive: true })
      writeFileSync(join(house, path), source)
    }
    IMPORTS.forEach(([folder, specifier], i) => {
      write(`${folder}/import-${i}.ts`, `export { probe } from '${specifier}'\n`)
    })
    GLOBALS.forEach(([folder, name], i) => {
      write(`${folder}/global-${i}.ts`, `export const probe: unknown = ${name}\n`)
    })
    write('packages/verifier/src/allowed.ts', `export { ByteReader } from '@blindai/core'\n`)
    const biome = spawnSync(
      'biome',
      ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'],
      {
        cwd: house,
        encoding: 'utf8',
      },
    )
    report = biome.stdout
  })
  afterAll(() => rmSync(house, { recursive: true }))

  /** The rules that the file of one case breaks. */
  const brokenRules = (path: string): string[] =>
    report
      .split('\n')
      .filter((line) => line.includes(`file=${join(house, path)},`))
      .map((line) => /title=lint\/\w+\/(\w+)/.exec(line)?.[1] ?? line)

  test.each(IMPORTS.map((row, i) => [...row, i] as const))('keep %s from importing %s (%s)', (folder, _, rule, i) => {
    expect(brokenRules(`${folder}/import-${i}.ts`)).toContain(rule)
  })
  test.each(GLOBALS.map((row, i) => [...row, i] as const))('keep %s from the global %s', (folder, _, i) => {
    expect(brokenRules(`${folder}/global-${i}.ts`)).toContain('noRestrictedGlobals')
  })
  test('let a declared and allowed import through', () => {
    expect(brokenRules('packages/verifier/src/allowed.ts')).toEqual([])
  })
})
