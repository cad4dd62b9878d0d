import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SimulatorError } from '../errors.ts'

/** Which files of a package count as code of this platform. The rule leaves out, it does not pick: the unknown counts. */

/** Where this process runs, in Node's words. */
export interface Platform {
  readonly platform: string
  readonly arch: string
}

/** Which form of our own packages runs: TypeScript as it is, or what `tsc -b` made of it. */
export type OwnForm = 'src' | 'dist'

/** Files of a dependency that Node never runs: types, source maps and pages for people. */
const NEVER_RUN = /\.(?:d\.[cm]?ts|map|md|markdown)$/i

/** Files of ours that Node never runs: pages and what the compiler reads and writes for itself. */
const OWN_NEVER_RUN = /(?:\.md|\.tsbuildinfo|\/tsconfig[^/]*\.json)$/

const NATIVE = /\.(?:node|dylib|dll|so(?:\.[0-9.]+)?)$/i
const PLATFORMS = new Set(['aix', 'android', 'darwin', 'freebsd', 'linux', 'openbsd', 'sunos', 'win32'])
const ARCHITECTURES = new Set(['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'])

/** What a package consists of, by absolute path. */
export interface PackageFiles {
  readonly files: readonly string[]
  /** Folders `node_modules` in it, whose packages are not its own files. */
  readonly nested: readonly string[]
}

/** A dependency; native libraries under folders that name another platform are left out. */
export function dependencyFiles(directory: string, here: Platform): PackageFiles {
  const { files, nested } = walk(directory, () => false)
  const counts = (file: string): boolean =>
    !NEVER_RUN.test(file) && !(NATIVE.test(file) && isForeign(file.slice(directory.length).split('/'), here))
  return { files: files.filter(counts), nested }
}

function isForeign(folders: readonly string[], here: Platform): boolean {
  return folders.some(
    (folder) =>
      (PLATFORMS.has(folder) && folder !== here.platform) || (ARCHITECTURES.has(folder) && folder !== here.arch),
  )
}

/**
 * A package of ours: all but tests, folders with a dot in front and, where the sources run as they are, the build. Where
 * the build runs the sources count too: a start without Node's `source` condition runs some of both.
 */
export function ownFiles(directory: string, form: OwnForm): PackageFiles {
  const left = form === 'src' ? ['test', 'dist'] : ['test']
  const { files, nested } = walk(directory, (folder) => left.includes(folder) || folder.startsWith('.'))
  return { files: files.filter((file) => !OWN_NEVER_RUN.test(file)), nested }
}

/**
 * Folders of the packages that Node would find in these `node_modules` folders. Names with a dot in front are no packages
 * but what tools keep there.
 */
export function packagesIn(nested: readonly string[]): string[] {
  return nested.flatMap((folder) =>
    namesIn(folder).flatMap((name) =>
      name.startsWith('@')
        ? namesIn(join(folder, name)).map((below) => join(folder, name, below))
        : [join(folder, name)],
    ),
  )
}

function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'))
}

/** `leave` is asked about the folders right below; `node_modules` anywhere is only noted. */
function walk(directory: string, leave: (folder: string) => boolean): { files: string[]; nested: string[] } {
  const files: string[] = []
  const nested: string[] = []
  const open = [directory]
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isFile()) files.push(path)
      else if (entry.isDirectory()) {
        if (entry.name === 'node_modules') nested.push(path)
        else if (folder !== directory || !leave(entry.name)) open.push(path)
      } else if (entry.isSymbolicLink() && statSync(path).isFile()) files.push(path)
      else throw new SimulatorError('FILE_NOT_MEASURABLE', { file: entry.name, reason: 'it is no file and no folder' })
    }
  }
  return { files, nested }
}
