import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { dependencyFiles, type Platform, packagesIn } from './package-files.ts'

/**
 * Files of packages that Node would find before those of the lock file, because they lie nearer to whoever imports them.
 * npm does not put them there, so whatever is there counts.
 *
 * @param root - the folder of the lock file; its own `node_modules` is what the lock file describes.
 * @param measured - the folders of the packages of the lock file.
 * @param nested - the folders `node_modules` inside them.
 */
export function shadowingFiles(
  root: string,
  measured: readonly string[],
  nested: readonly string[],
  here: Platform,
): string[] {
  const known = new Set(measured)
  const found: string[] = []
  const open = packagesIn([...nested, ...nodeModulesAbove(root, measured)])
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const real = realpathSync(directory)
    if (known.has(real)) continue
    known.add(real)
    const files = dependencyFiles(real, here)
    found.push(...files.files)
    open.push(...packagesIn(files.nested))
  }
  return found
}

/** Folders `node_modules` that Node looks into between a package and the root. */
function nodeModulesAbove(root: string, directories: readonly string[]): string[] {
  const folders = new Set<string>()
  for (const directory of directories) {
    for (let folder = dirname(directory); folder.startsWith(root + sep); folder = dirname(folder)) folders.add(folder)
  }
  return [...folders]
    .filter((folder) => basename(folder) !== 'node_modules')
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => existsSync(folder))
}
