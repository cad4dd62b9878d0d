import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Installation, measureFiles } from '@blindai/simulator'

/** The folder of this repository's lock file. */
export const ROOT: string = realpathSync(fileURLToPath(new URL('../../..', import.meta.url)))

/** The paths in a register's section of a log. */
export function pathsOf(log: string, register: string): string[] {
  const section = log.split(/^# /m).find((text) => text.startsWith(`${register} `)) ?? ''
  return section
    .split('\n')
    .slice(1, -1)
    .map((line) => line.slice(66))
}

/** The measured files of this installation in another place, with links for workspaces, and a copy of Node. */
export class InstallationCopy {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), 'blindai-installation-')))

  constructor(original: Installation) {
    for (const register of ['rtmr0', 'rtmr1', 'rtmr2']) {
      for (const path of pathsOf(original.log, register)) this.#copy(path)
    }
    copyFileSync(process.execPath, join(this.root, 'node'))
    const lock: { packages: Record<string, { link?: boolean }> } = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    )
    for (const [location, entry] of Object.entries(lock.packages)) {
      if (entry.link === true && existsSync(join(ROOT, location))) this.#link(location)
    }
  }

  measure(): Promise<Installation> {
    return measureFiles({ root: this.root, nodeBinary: join(this.root, 'node') })
  }

  /** Measures while one bit of a file differs. `position` goes from 0, its start, to below 1, its end. */
  measureFlipped(path: string, position: number): Promise<Installation> {
    return this.measureFlippedAt(path, Math.floor(position * statSync(join(this.root, path)).size))
  }

  /** `measureFlipped` at an offset. */
  async measureFlippedAt(path: string, at: number): Promise<Installation> {
    const file = join(this.root, path)
    const original = readFileSync(file)
    const changed = Buffer.from(original)
    changed[at] = (changed[at] ?? 0) ^ 1
    writeFileSync(file, changed)
    try {
      return await this.measure()
    } finally {
      writeFileSync(file, original)
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true })
  }

  #copy(path: string): void {
    const to = join(this.root, path)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(join(ROOT, path), to)
  }

  #link(location: string): void {
    const to = join(this.root, location)
    mkdirSync(dirname(to), { recursive: true })
    symlinkSync(join(this.root, realpathSync(join(ROOT, location)).slice(ROOT.length)), to)
  }
}
