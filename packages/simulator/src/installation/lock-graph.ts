import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8, isMalformedError, type JsonObject, type JsonValue, parseJson } from '@blindai/core'
import { SimulatorError } from '../errors.ts'

/**
 * The packages that a running server can load, found by following the run-time dependencies of the lock file from the
 * packages that are ours. Development tools are outside.
 *
 * Source: npm's documentation of package-lock.json, lockfileVersion 3.
 */

/** One installed package. */
export interface InstalledPackage {
  readonly name: string
  /** Where its files are, symbolic links resolved. */
  readonly directory: string
}

/** Where following starts. A package that is absent is no error as long as one of them is there. */
const STARTS = ['@blindai/server', 'blindai', '@blindai/simulator']

/** A lock file of a large workspace has about a megabyte. */
const MAX_LOCK_BYTES = 32 * 1024 * 1024

/**
 * The packages, in the order of their names.
 *
 * @param root - the folder of the lock file, symbolic links resolved.
 * @param lockFile - the bytes of the lock file.
 * @throws {SimulatorError} `LOCK_FILE_UNSUPPORTED`, `PACKAGE_MISSING`.
 */
export function installedPackages(root: string, lockFile: Uint8Array): InstalledPackage[] {
  const entries = lockEntries(lockFile)
  const found = new Map<string, InstalledPackage>()
  const open: { location: string; name: string }[] = []
  const visit = (location: string, name: string, optional: boolean): void => {
    const target = entries.get(location)
    if (target === undefined || found.has(location)) return
    const path = join(root, location)
    if (!existsSync(path)) {
      if (optional) return
      throw new SimulatorError('PACKAGE_MISSING', { package: name })
    }
    found.set(location, { name, directory: realpathSync(path) })
    open.push({ location: linkTarget(target) ?? location, name })
  }
  for (const name of STARTS) visit(`node_modules/${name}`, name, true)
  if (found.size === 0) throw unsupported(`it has none of ${STARTS.join(', ')}`)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { location, name } = next
    const entry = entries.get(location)
    if (entry === undefined) throw unsupported(`it has no entry for ${name}`)
    for (const [dependency, optional] of dependenciesOf(entry)) {
      const resolved = resolve(entries, location, dependency)
      if (resolved === undefined) {
        if (!optional) throw unsupported(`it has no entry for ${dependency}, which ${name} needs`)
      } else {
        visit(resolved, dependency, optional)
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.directory < b.directory ? -1 : 1))
}

function lockEntries(lockFile: Uint8Array): ReadonlyMap<string, JsonObject> {
  if (lockFile.byteLength > MAX_LOCK_BYTES) throw unsupported(`it has ${lockFile.byteLength} bytes`)
  const lock = parseLock(lockFile)
  if (lock.lockfileVersion !== 3) throw unsupported('its lockfileVersion is not 3')
  const packages = lock.packages
  if (!isObject(packages)) throw unsupported('it has no member packages')
  const entries = new Map<string, JsonObject>()
  for (const [location, entry] of Object.entries(packages)) {
    if (!isObject(entry)) throw unsupported(`its entry ${location} is not an object`)
    if (location.split('/').includes('..')) throw unsupported(`its entry ${location} leaves the installation`)
    entries.set(location, entry)
  }
  return entries
}

function parseLock(lockFile: Uint8Array): JsonObject {
  try {
    const lock = parseJson('lock file', fromUtf8('lock file', lockFile))
    if (isObject(lock)) return lock
  } catch (cause) {
    if (isMalformedError(cause)) throw unsupported(cause.message, cause)
    throw cause
  }
  throw unsupported('it is not an object')
}

/** The entry that a linked workspace package has under its own folder. */
function linkTarget(entry: JsonObject): string | undefined {
  return entry.link === true && typeof entry.resolved === 'string' ? entry.resolved : undefined
}

/** Names of run-time dependencies, each with whether its absence is allowed. */
function dependenciesOf(entry: JsonObject): Map<string, boolean> {
  const dependencies = new Map<string, boolean>()
  for (const name of memberNames(entry.peerDependencies)) dependencies.set(name, true)
  for (const name of memberNames(entry.dependencies)) dependencies.set(name, false)
  for (const name of memberNames(entry.optionalDependencies)) dependencies.set(name, true)
  return dependencies
}

/** Looks a name up as Node does: in the package's own node_modules, then outwards. */
function resolve(entries: ReadonlyMap<string, JsonObject>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const location = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (entries.has(location)) return location
    if (folder === '') return undefined
  }
}

function memberNames(value: JsonValue | undefined): string[] {
  return isObject(value) ? Object.keys(value) : []
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unsupported(reason: string, cause?: unknown): SimulatorError {
  return new SimulatorError('LOCK_FILE_UNSUPPORTED', { reason }, { cause })
}
