import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { utf8 } from '@blindai/core'
import { findPackage } from './packages.ts'
import type { TarEntry } from './tar-writer.ts'

/**
 * The engine's own modules, as JavaScript.
 *
 * Where the server runs from its TypeScript sources, types are stripped here, once, by the same code that Node would use:
 * an engine would spend 40 ms on it at every start. The modules are read when the wall is built and never again.
 */

const RUNTIME = fileURLToPath(new URL('../..', import.meta.url))
const IS_SOURCE = import.meta.url.endsWith('.ts')

/** The module that an engine runs where there is no private root. */
export const ENGINE_MAIN: string = join(RUNTIME, 'engine', IS_SOURCE ? 'main.ts' : 'main.js')

/** What Node needs to run it there. */
export const ENGINE_CONDITIONS: readonly string[] = IS_SOURCE ? ['--conditions=source'] : []

/** The same module in a private root. */
export const ROOTED_MAIN = '/app/runtime/engine/main.js'

/** The folder of this host's code, which no engine needs. */
export const HOST_FOLDER: string = join(RUNTIME, 'host')

/** All modules of the engine, and of our packages that it imports. */
export function engineCode(): TarEntry[] {
  const core = join(realpathSync(findPackage('@blindai/core', RUNTIME)), IS_SOURCE ? 'src' : 'dist')
  return [
    { path: 'app/package.json', content: utf8('{"type":"module"}') },
    ...modulesIn(join(RUNTIME, 'engine'), 'app/runtime/engine'),
    ...modulesIn(join(RUNTIME, 'wire'), 'app/runtime/wire'),
    {
      path: 'app/node_modules/@blindai/core/package.json',
      content: utf8('{"name":"@blindai/core","type":"module","exports":"./index.js"}'),
    },
    ...modulesIn(core, 'app/node_modules/@blindai/core'),
  ]
}

/** A module as JavaScript, with its imports of neighbours as JavaScript too. */
export function readModule(path: string): Uint8Array {
  const text = readFileSync(path, 'utf8')
  if (!path.endsWith('.ts')) return utf8(text)
  return utf8(stripQuietly(text).replace(/(\bfrom |\bimport\()'(\.{1,2}\/[^']+)\.ts'/g, "$1'$2.js'"))
}

function modulesIn(folder: string, target: string): TarEntry[] {
  const extension = IS_SOURCE ? '.ts' : '.js'
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension) && !entry.name.endsWith('.d.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const place = join(target, relative(folder, dirname(path)), entry.name.replace(/\.ts$/, '.js'))
      return { path: place, content: readModule(path) }
    })
}

/** Node warns once that this function is an experiment, while running whole programs through it without a word. */
function stripQuietly(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}
