// Completes package-lock.json with the optional packages of other platforms.
//
// A registry mirror that carries only some platforms makes npm leave the others out of the lock file, and `npm ci` then
// refuses the lock everywhere. Each missing one gets an entry of exactly the version that its parent names, with the
// platform read from its name, so that npm skips it wherever the platform differs. Run after each change of a dependency.
import { readFileSync, writeFileSync } from 'node:fs'

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'wasm32']
const CPU = {
  arm64: 'arm64',
  aarch64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  wasm32: 'wasm32',
}
const LIBC = { gnu: 'glibc', musl: 'musl' }

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const added = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const places = [`${path}/node_modules/${name}`, `node_modules/${name}`]
    if (places.some((place) => place in lock.packages)) continue
    const words = name.split(/[-/]/)
    const os = OS.find((word) => words.some((part) => part === word || (word === 'linux' && part === 'linuxmusl')))
    const cpu = words
      .map((word) => CPU[word] ?? (word.startsWith('arm') ? 'arm' : undefined))
      .find((word) => word !== undefined)
    if (os === undefined && cpu === undefined) throw new Error(`no platform in the name of ${name}`)
    if (!/^\d/.test(version)) throw new Error(`${name} is named by a range: ${version}`)
    const libc = words
      .map((word) => LIBC[word] ?? (word.endsWith('musl') ? 'musl' : undefined))
      .find((word) => word !== undefined)
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu === undefined ? {} : { cpu: [cpu] }),
      ...(path.startsWith('node_modules') && entry.dev ? { dev: true } : {}),
      ...(libc === undefined ? {} : { libc: [libc] }),
      optional: true,
      ...(os === undefined ? {} : { os: [os] }),
    }
    added.push(name)
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
console.log(added.length === 0 ? 'complete already' : `added ${added.join(', ')}`)
