import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package that engines load, the one whose copy of it they load, and the parts that are needed, all unless given. */
interface EnginePackage {
  readonly name: string
  readonly neededBy?: string
  readonly parts?: readonly string[]
}

/** Third-party code that an engine can read, and no other. `docs/dependencies.md` says what each is for. */
const PACKAGES: readonly EnginePackage[] = [
  { name: 'onnxruntime-node', parts: ['package.json', 'dist', `bin/napi-v6/linux/${process.arch}`] },
  { name: 'onnxruntime-common', neededBy: 'onnxruntime-node' },
  { name: '@huggingface/transformers' },
  { name: 'sharp', neededBy: '@huggingface/transformers' },
  { name: '@img/colour', neededBy: 'sharp' },
  { name: 'detect-libc', neededBy: 'sharp' },
  { name: 'semver', neededBy: 'sharp' },
  { name: `@img/sharp-linux-${process.arch}`, neededBy: 'sharp' },
  { name: `@img/sharp-libvips-linux-${process.arch}`, neededBy: 'sharp' },
]

/** A folder or file to show in a private root, and where. */
export interface PackagePart {
  readonly source: string
  readonly target: string
}

/**
 * The parts of all packages. In the private root they lie side by side, wherever npm has put them here.
 *
 * @throws {RangeError} when one is not installed.
 */
export function packageParts(from: string): PackagePart[] {
  const folders: Map<string, string> = new Map()
  return PACKAGES.flatMap(({ name, neededBy, parts }) => {
    const folder = findPackage(name, neededBy === undefined ? from : (folders.get(neededBy) ?? from))
    folders.set(name, folder)
    const target = `app/node_modules/${name}`
    if (parts === undefined) return [{ source: folder, target }]
    return parts.map((part) => ({ source: join(folder, part), target: `${target}/${part}` }))
  })
}

/** The folder that a module in `from` gets a package from. @throws {RangeError} when there is none. */
export function findPackage(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (folder === dirname(folder)) throw new RangeError(`the package ${name} is not installed`)
  }
}
