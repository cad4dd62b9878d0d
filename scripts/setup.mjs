/**
 * Makes a fresh clone runnable: installs what the lock file names, once, and checks that the Node it brings starts.
 *
 * Runs on any Node ≥ 20 with npm, so it is plain JavaScript and imports nothing that an install would bring. With nothing to
 * do it says nothing. It promises no repair: an install that was changed by hand is not noticed, only a missing one and one
 * of another lock file or platform.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const MODULES = join(ROOT, 'node_modules')
/** Written last, so that an interrupted install is done again. */
const STAMP = join(MODULES, '.blindai-setup')
/** Held by the process that installs; holds its number. */
const LOCK = join(ROOT, '.setup-lock.tmp')
/** What an install takes on disk, rounded up. */
const NEEDED_BYTES = 1_000_000_000

/** What to do about the errors that npm names. */
const ADVICE = [
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'],
    means: 'the package registry cannot be reached',
    advice: 'Check the network and the proxy settings (`npm config get registry`), then run the command again.',
  },
  {
    codes: ['ERR_SOCKET_TIMEOUT', 'ENOTCACHED', 'E502', 'E503', 'E504', 'E429'],
    means: 'the package registry does not answer',
    advice: 'Wait a little, then run the command again.',
  },
  { codes: ['ENOSPC', 'EDQUOT'], means: 'the disk is full', advice: 'Free about 1 GB, then run the command again.' },
  {
    codes: ['EACCES', 'EPERM', 'EROFS'],
    means: 'node_modules or the npm cache cannot be written',
    advice: 'Make the folder of this repository writable for you; do not use sudo.',
  },
  {
    codes: ['EINTEGRITY'],
    means: 'a package is not the one that the lock file names',
    advice: 'Run `npm cache clean --force` and try again; if it stays so, do not use what the registry sent.',
  },
  {
    codes: ['EUSAGE'],
    means: 'package.json and package-lock.json do not belong together',
    advice: 'Run `git status` and restore both files.',
  },
  {
    codes: ['EBADPLATFORM'],
    means: 'a package does not exist for this platform',
    advice: 'Use Linux on x64 or arm64.',
  },
]

/** Ends with exit code 1, what is wrong and what to do. */
function fail(what, advice, output = '') {
  const tail = output.trim().split('\n').slice(-12).join('\n')
  if (tail !== '') process.stderr.write(`${tail}\n\n`)
  process.stderr.write(`set-up failed: ${what}\n${advice}\n`)
  process.exit(1)
}

function checkPlatform() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < OLDEST_NODE) {
    fail(
      `this is Node ${process.versions.node}`,
      `Install Node ${OLDEST_NODE} or later; it then brings its own Node 24.`,
    )
  }
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    fail(
      `${process.platform} on ${process.arch} is not supported`,
      'Use Linux (glibc) on x64 or arm64: a Debian container or a virtual machine will do.',
    )
  }
}

/** What an up-to-date install is stamped with. */
function wantedStamp() {
  const lockFile = join(ROOT, 'package-lock.json')
  if (!existsSync(lockFile)) fail('package-lock.json is missing', 'Clone the repository again.')
  const digest = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  return `${digest} ${process.platform} ${process.arch}\n`
}

/** The Node that the lock file names, for this platform. */
function lockedNode() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return manifest.optionalDependencies[`node-${process.platform}-${process.arch}`]
}

/** npm itself, in the way it was found: the one that runs this script, or the one on the path. */
function npm(args) {
  const running = process.env.npm_execpath
  const [command, ...first] = running?.endsWith('.js') === true ? [process.execPath, running] : ['npm']
  return spawnSync(command, [...first, ...args], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
}

function checkSpace() {
  const { bavail, bsize } = statfsSync(ROOT)
  const free = bavail * bsize
  if (free < NEEDED_BYTES) {
    fail(`an install takes about 1 GB and ${Math.floor(free / 1e6)} MB are free`, 'Free some disk space first.')
  }
}

function install(stamp) {
  checkSpace()
  process.stderr.write('set-up: installing what package-lock.json names (once; about a minute) …\n')
  const started = Date.now()
  const done = npm(['ci', '--include=dev', '--include=optional', '--no-progress', '--loglevel=error'])
  if (done.error !== undefined) fail('npm cannot be started', 'Install npm (Debian: `apt-get install npm`).')
  if (done.signal !== null) process.exit(130)
  if (done.status !== 0) {
    const code = /npm (?:error|ERR!) code (\S+)/.exec(done.stderr)?.[1] ?? 'unknown'
    const known = ADVICE.find(({ codes }) => codes.includes(code))
    fail(
      `${known?.means ?? '`npm ci` failed'} (${code})`,
      known?.advice ?? 'Read the lines above; `npm ci` alone shows more.',
      done.stderr,
    )
  }
  writeFileSync(`${STAMP}.tmp`, stamp)
  renameSync(`${STAMP}.tmp`, STAMP)
  process.stderr.write(`set-up: done in ${Math.round((Date.now() - started) / 1000)} s\n`)
}

function checkNode() {
  const wanted = lockedNode()
  const started = spawnSync(join(MODULES, '.bin', 'node'), ['--version'], { encoding: 'utf8' })
  if (started.error !== undefined || started.status !== 0) {
    fail(
      `the Node ${wanted} that the lock file brings does not start here`,
      'Use a system with glibc 2.28 or later (Debian 10 and up; not Alpine), or delete node_modules and run the command again.',
      started.stderr ?? '',
    )
  }
  const actual = started.stdout.trim()
  if (actual !== `v${wanted}`) {
    fail(`node_modules/.bin/node is ${actual}, not v${wanted}`, 'Delete node_modules and run the command again.')
  }
}

/** Runs the work in one process at a time: `npm ci` takes away what another command of this clone is about to use. */
function exclusively(work) {
  while (!takeLock()) {
    const holder = holderOfLock()
    if (holder !== undefined) process.stderr.write(`set-up: waiting for another one (process ${holder}) …\n`)
    while (holderOfLock() !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  process.on('exit', () => rmSync(LOCK, { force: true }))
  work()
}

/** A link, so that the lock never exists without its holder's number in it. */
function takeLock() {
  const draft = join(ROOT, `.setup-lock.${process.pid}.tmp`)
  try {
    writeFileSync(draft, String(process.pid))
    linkSync(draft, LOCK)
    return true
  } catch (cause) {
    if (cause.code === 'EEXIST') return false
    return fail(`${LOCK} cannot be written (${cause.code})`, 'Make the folder of this repository writable for you.')
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The process that holds the lock; the lock of a process that is gone is taken away. */
function holderOfLock() {
  try {
    const holder = Number(readFileSync(LOCK, 'utf8'))
    process.kill(holder, 0)
    return holder
  } catch (cause) {
    if (cause.code === 'ESRCH') rmSync(LOCK, { force: true })
    return undefined
  }
}

function isUpToDate(stamp) {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp
}

checkPlatform()
const stamp = wantedStamp()
if (!isUpToDate(stamp)) {
  exclusively(() => {
    if (!isUpToDate(stamp)) install(stamp)
  })
}
checkNode()
