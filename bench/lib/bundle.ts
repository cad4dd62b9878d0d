import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

/** A module for pages, with all that it imports. */
export interface Bundle {
  readonly code: string
  readonly bytes: number
  /** As a server would send it. */
  readonly gzipBytes: number
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
  const [chunk, ...others] = outputs
  if (chunk?.type !== 'chunk' || others.length > 0) throw new Error(`${file} is not one chunk`)
  const { code } = chunk
  return { code, bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code, { level: 9 }).byteLength }
}
