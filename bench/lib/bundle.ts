import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

/** A module for pages, with all that it imports at once. */
export interface Bundle {
  /** Each file by its name; `bundle.js` is where to begin. */
  readonly files: ReadonlyMap<string, string>
  /** What is loaded at once. */
  readonly code: string
  readonly bytes: number
  /** As a server would send it. */
  readonly gzipBytes: number
  /** Parts that are loaded only when they are asked for, the same of each. */
  readonly later: readonly { readonly name: string; readonly gzipBytes: number }[]
}

/** Bundles a file of this repository, named from its root, as `@blindai/client` is bundled for pages. */
export async function bundleForPages(file: string): Promise<Bundle> {
  const root = join(import.meta.dirname, '../..')
  const built = await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['source', 'module', 'browser'] },
    build: {
      target: 'es2024',
      write: false,
      rolldownOptions: { output: { minify: true } },
      lib: { entry: join(root, file), formats: ['es'], fileName: () => 'bundle.js' },
    },
  })
  const outputs = Array.isArray(built) ? built.flatMap(({ output }) => output) : 'output' in built ? built.output : []
  const chunks = outputs.map((output) => {
    if (output.type !== 'chunk') throw new Error(`${file} is not of code alone`)
    return output
  })
  const entry = chunks.find(({ isEntry }) => isEntry)
  if (entry === undefined) throw new Error(`${file} has no entry`)
  const others = chunks.filter((chunk) => chunk !== entry)
  // A part that two chunks share would be loaded with the first of them.
  const now = [entry, ...others.filter(({ fileName }) => entry.imports.includes(fileName))]
  const code = now.map((chunk) => chunk.code).join('\n')
  const later = others.filter((chunk) => !now.includes(chunk))
  return {
    files: new Map(chunks.map((chunk) => [chunk.fileName, chunk.code])),
    code,
    bytes: Buffer.byteLength(code),
    gzipBytes: weight(code),
    later: later.map((chunk) => ({ name: chunk.name, gzipBytes: weight(chunk.code) })),
  }
}

function weight(code: string): number {
  return gzipSync(code, { level: 9 }).byteLength
}
