import { pathToFileURL } from 'node:url'
import type { FuzzTarget } from './target.ts'

/** Loads the `target` that a file exports. @throws {TypeError} when it exports none. */
export async function loadTarget(path: string): Promise<FuzzTarget> {
  const module: unknown = await import(pathToFileURL(path).href)
  if (typeof module === 'object' && module !== null && 'target' in module && isTarget(module.target))
    return module.target
  throw new TypeError(`${path} exports no fuzz target`)
}

function isTarget(value: unknown): value is FuzzTarget {
  return typeof value === 'object' && value !== null && 'parse' in value && 'seeds' in value && 'refuses' in value
}
