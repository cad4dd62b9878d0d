import { hash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SimulatedMeasurements } from '../authority/make-quote.ts'
import { SimulatorError, systemErrorCode } from '../errors.ts'
import { hashFile } from './hash-file.ts'
import { hashInThread } from './hash-thread.ts'
import { type InstalledPackage, installedPackages } from './lock-graph.ts'
import { dependencyFiles, type OwnForm, ownFiles } from './package-files.ts'
import { shadowingFiles } from './shadowing.ts'

/**
 * Measures the code that a server of this installation loads, in place of a processor that would measure an image.
 *
 * It is the measured code that measures, so a change to this very file can lie about all others; a real TEE is made so
 * that it cannot. Libraries of the operating system, Node's options and environment, and files changed between measuring
 * and loading are not covered.
 */

/** The registers, and the files behind them. */
export interface Installation {
  readonly measurements: SimulatedMeasurements
  /**
   * Text in sections: a line `# register value`, then the register's manifest, `sha256  relative/path` a line. The
   * register is the SHA-384 of its manifest; of `mrTd` it is the SHA-384 of the Node binary, which has no manifest.
   */
  readonly log: string
  /** Lower-case hex SHA-256 of the log: one digest for all that was loaded. */
  readonly digest: string
}

/** What to measure, where it is not what this process itself runs from. */
export interface MeasureOptions {
  /** The folder of the lock file; found from where this module lies when absent. */
  readonly root?: string
  /** The Node binary; the running one when absent. */
  readonly nodeBinary?: string
}

const ZEROS = '00'.repeat(48)

/**
 * The registers of an installation.
 *
 * `mrTd`: Node binary; `rtmr0`: lock file; `rtmr1`: JavaScript and native libraries of run-time dependencies; `rtmr2`: own
 * sources; `rtmr3`: zeros.
 *
 * @param root - the folder of the lock file; that of the running code when absent.
 * @throws {SimulatorError} `INSTALLATION_NOT_FOUND`, `LOCK_FILE_UNSUPPORTED`, `PACKAGE_MISSING`, `FILE_NOT_MEASURABLE`.
 */
export async function measureInstallation(root?: string): Promise<SimulatedMeasurements> {
  return (await measureFiles(root === undefined ? {} : { root })).measurements
}

/** `measureInstallation` with the log of every file, so that a person can see which one differs. */
export async function measureFiles(options: MeasureOptions = {}): Promise<Installation> {
  const mrTd = hashInThread('the Node binary', options.nodeBinary ?? process.execPath)
  const [manifests, nodeDigest] = await Promise.all([measureManifests(options.root), mrTd])
  const registers = manifests.map((manifest) => hash('sha384', manifest, 'hex'))
  const [rtmr0 = ZEROS, rtmr1 = ZEROS, rtmr2 = ZEROS] = registers
  const sections = manifests.map((manifest, index) => `# rtmr${index} ${registers[index]}\n${manifest}`)
  const log = [`# mrTd ${nodeDigest}\n`, ...sections, `# rtmr3 ${ZEROS}\n`].join('')
  return {
    measurements: { mrTd: nodeDigest, rtmr0, rtmr1, rtmr2, rtmr3: ZEROS },
    log,
    digest: hash('sha256', log, 'hex'),
  }
}

/** The manifests of lock file, dependencies and own sources. Async, so that a refusal rejects like the hashing thread. */
async function measureManifests(givenRoot: string | undefined): Promise<string[]> {
  const { root, lockName } = findRoot(givenRoot)
  const lockPath = join(root, lockName)
  const packages = installedPackages(
    root,
    attempt(lockName, () => readFileSync(lockPath)),
  )
  const form = runningForm()
  const own = packages.filter(isOwn).map((p) => attempt(p.name, () => ownFiles(p.directory, form)))
  const others = packages.filter((p) => !isOwn(p)).map((p) => attempt(p.name, () => dependencyFiles(p.directory, HERE)))
  const sources = own.flatMap((p) => p.files)
  const directories = packages.map((p) => p.directory)
  const nested = [...own, ...others].flatMap((p) => p.nested)
  const shadowing = attempt('node_modules', () => shadowingFiles(root, directories, nested, HERE))
  return [
    manifest(root, [lockPath]),
    manifest(root, [...others.flatMap((p) => p.files), ...shadowing]),
    manifest(root, sources),
  ]
}

const HERE = { platform: process.platform, arch: process.arch }

/** Lock files by where npm leaves them: the project's, or the record of an installation without one. */
const LOCK_FILES = ['package-lock.json', 'node_modules/.package-lock.json']

function findRoot(given: string | undefined): { root: string; lockName: string } {
  const start = given ?? dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    const lockName = LOCK_FILES.find((name) => existsSync(join(folder, name)))
    if (lockName !== undefined) return { root: realpathSync(folder), lockName }
    if (given !== undefined || folder === dirname(folder)) {
      throw new SimulatorError('INSTALLATION_NOT_FOUND', { file: 'package-lock.json' })
    }
  }
}

/** The form that this module itself runs in. */
function runningForm(): OwnForm {
  return import.meta.url.endsWith('.ts') ? 'src' : 'dist'
}

function isOwn(entry: InstalledPackage): boolean {
  return entry.name === 'blindai' || entry.name.startsWith('@blindai/')
}

/** Lines `sha256  relative/path`, sorted by path in code unit order. */
function manifest(root: string, files: readonly string[]): string {
  const names = new Set(files.map((file) => relative(root, file).replaceAll(sep, '/')))
  let text = ''
  for (const name of [...names].sort()) {
    if (/[\r\n]/.test(name)) {
      throw new SimulatorError('FILE_NOT_MEASURABLE', {
        file: JSON.stringify(name),
        reason: 'its name has a line break',
      })
    }
    text += `${attempt(name, () => hashFile(join(root, name)))}  ${name}\n`
  }
  return text
}

/** Names the file of a failed system call. */
function attempt<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    const reason = systemErrorCode(cause)
    if (reason === undefined) throw cause
    throw new SimulatorError('FILE_NOT_MEASURABLE', { file, reason }, { cause })
  }
}
