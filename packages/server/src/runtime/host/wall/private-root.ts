import { readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { utf8 } from '@blindai/core'
import { engineCode, HOST_FOLDER, ROOTED_MAIN, readModule } from './engine-code.ts'
import { packageParts } from './packages.ts'
import { type TarEntry, writeTar } from './tar-writer.ts'
import { findFile, type Tools } from './tools.ts'

/**
 * The file system of an engine: what a program can see of this machine when it sees nothing else.
 *
 * | place             | what                                                              |
 * | ----------------- | ----------------------------------------------------------------- |
 * | `/node`           | the Node binary that runs this server                             |
 * | `/lib…`           | the shared libraries that it, ONNX Runtime, libvips and setpriv need |
 * | `/setpriv`        | drops the last privileges; without any it can do nothing          |
 * | `/app`            | the engine's own code, a copy, and the packages that it loads     |
 * | `/empty`          | the working folder                                                |
 *
 * Everything is read-only. There is no `/proc`, `/sys`, `/dev`, `/tmp` and no configuration.
 *
 * The archive is what the shell unpacks into an empty file system in memory: folders, empty files to mount upon, the
 * engine's code, and `fstab` beside the root, which names what is shown from outside.
 */
export interface PrivateRoot {
  readonly archive: Uint8Array
  /** The existing folder upon which the file system is put together; our own host code, which no engine needs. */
  readonly mountPoint: string
  /** True when every user of this machine may read what is shown; otherwise only the owner's own id can. */
  readonly isForEveryone: boolean
}

/** Libraries by the names that programs ask for. The last is setpriv's. */
const LIBRARIES = [
  'libc.so.6',
  'libm.so.6',
  'libdl.so.2',
  'librt.so.1',
  'libpthread.so.0',
  'libresolv.so.2',
  'libgcc_s.so.1',
  'libstdc++.so.6',
  'libcap-ng.so.0',
]

/** The program loader: its place is written into every binary. Source: the System V ABI supplements. */
const LOADERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
}

const LIBRARY_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  x64: ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64'],
  arm64: ['/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib64', '/usr/lib64'],
}

/** Where the root lies in the archive. */
const ROOT = 'root'

/**
 * Plans the root. `program` takes the place of the engine's main module; `native` is shown as `/native`.
 *
 * @throws {RangeError} when something that belongs into it is not installed here.
 */
export function planPrivateRoot(tools: Tools, program?: string, native?: string): PrivateRoot {
  const shown = [...systemFiles(tools), ...packageParts(HOST_FOLDER)]
  if (native !== undefined) shown.push({ source: native, target: 'native' })
  const code = engineCode().filter(({ path }) => program === undefined || `/${path}` !== ROOTED_MAIN)
  if (program !== undefined) code.push({ path: ROOTED_MAIN.slice(1), content: readModule(program) })

  const folders: Set<string> = new Set(['empty'])
  const mountPoints: TarEntry[] = []
  for (const { source, target } of shown) {
    addFolders(folders, dirname(target))
    if (statSync(source).isDirectory()) folders.add(target)
    else mountPoints.push({ path: target, content: new Uint8Array(0) })
  }
  for (const { path } of code) addFolders(folders, dirname(path))

  const rooted = [
    ...[...folders].sort().map((path): TarEntry => ({ path, folder: true })),
    ...mountPoints,
    ...code,
  ].map((entry): TarEntry => ({ ...entry, path: `${ROOT}/${entry.path}` }))
  const fstab = shown.map(({ source, target }) => fstabLine(source, `${HOST_FOLDER}/${ROOT}/${target}`)).join('')
  const archive = writeTar([{ path: ROOT, folder: true }, ...rooted, { path: 'fstab', content: utf8(fstab) }])
  return { archive, mountPoint: HOST_FOLDER, isForEveryone: shown.every(({ source }) => isForEveryone(source)) }
}

/** True when others than owner and group may read a file, or a folder and what npm put into it. */
export function isForEveryone(path: string): boolean {
  const stat = statSync(path)
  if (!stat.isDirectory()) return (stat.mode & OTHERS_READ) !== 0
  const first = readdirSync(path, { withFileTypes: true }).find((entry) => entry.isFile())
  return (stat.mode & OTHERS_LIST) === OTHERS_LIST && (first === undefined || isForEveryone(join(path, first.name)))
}

/** Permission bits of others: read; read and search. */
const OTHERS_READ = 0o004
const OTHERS_LIST = 0o005

function systemFiles(tools: Tools): { source: string; target: string }[] {
  const folders = LIBRARY_FOLDERS[process.arch] ?? []
  const loader = LOADERS[process.arch]
  if (loader === undefined) throw new RangeError(`no loader is known for ${process.arch}`)
  const libraries = LIBRARIES.map((name) => {
    const source = findFile(folders, name)
    if (source === undefined) throw new RangeError(`the library ${name} is not installed`)
    return source
  })
  return [
    { source: process.execPath, target: 'node' },
    { source: tools.setpriv, target: 'setpriv' },
    ...[loader, ...libraries].map((path) => ({ source: path, target: path.slice(1) })),
  ]
}

/** A line of fstab(5): blanks and backslashes in octal. */
function fstabLine(source: string, target: string): string {
  return `${fstabField(realpathSync(source))} ${fstabField(target)} none bind,ro,nosuid,nodev 0 0\n`
}

function fstabField(path: string): string {
  return path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function addFolders(folders: Set<string>, path: string): void {
  if (path === '.' || folders.has(path)) return
  addFolders(folders, dirname(path))
  folders.add(path)
}
