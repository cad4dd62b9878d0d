import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.ts'

/** Inputs that a run starts from: files below the root, and what to take from each. */
export interface Seed {
  readonly glob: string
  readonly take: (file: Uint8Array) => readonly Uint8Array[]
}

/** Whole files. */
export function files(glob: string): Seed {
  return { glob, take: (file) => [file] }
}

/** Texts, or bytes in base64url or hexadecimal, at a path of members inside JSON files; `*` goes through a list. */
export function inJson(glob: string, path: string, encoding: 'text' | 'base64url' | 'hex'): Seed {
  return {
    glob,
    take: (file) => {
      const value: unknown = JSON.parse(Buffer.from(file).toString('utf8'))
      return at(value, path.split('.')).flatMap((found) => {
        if (typeof found === 'string')
          return [new Uint8Array(Buffer.from(found, encoding === 'text' ? 'utf8' : encoding))]
        return typeof found === 'object' && found !== null ? [text(JSON.stringify(found))] : []
      })
    },
  }
}

/** As `inJson`, inside the JSON that another seed takes. */
export function insideOf({ glob, take }: Seed, path: string, encoding: 'text' | 'base64url' | 'hex'): Seed {
  return { glob, take: (file) => take(file).flatMap((text) => inJson(glob, path, encoding).take(text)) }
}

/** Inputs written out. */
export function written(...inputs: readonly (Uint8Array | string)[]): Seed {
  return { glob: 'package.json', take: () => inputs.map((input) => (typeof input === 'string' ? text(input) : input)) }
}

/** All inputs of the seeds, each once, none longer than the limit. */
export function expand(seeds: readonly Seed[], limit: number): readonly Uint8Array[] {
  const inputs = new Map<string, Uint8Array>()
  for (const { glob, take } of seeds) {
    const names = globSync(glob, { cwd: ROOT }).sort()
    if (names.length === 0) throw new RangeError(`no file matches ${glob}`)
    for (const name of names) {
      for (const input of take(new Uint8Array(readFileSync(join(ROOT, name))))) {
        if (input.byteLength <= limit) inputs.set(Buffer.from(input).toString('latin1'), input)
      }
    }
  }
  return [...inputs.values()]
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function at(value: unknown, path: readonly string[]): readonly unknown[] {
  const [name, ...rest] = path
  if (name === undefined) return [value]
  // A document is kept as the text that was served.
  if (typeof value === 'string') return value.startsWith('{') ? at(JSON.parse(value), path) : []
  if (typeof value !== 'object' || value === null) return []
  if (name === '*') return Object.values(value).flatMap((item) => at(item, rest))
  return Object.hasOwn(value, name) ? at(Reflect.get(value, name), rest) : []
}

const PEM =
  /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----|-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g

/** DER of every certificate or revocation list in PEM texts. */
export function inPem(glob: string): Seed {
  return {
    glob,
    take: (file) =>
      [...Buffer.from(file).toString('latin1').matchAll(PEM)].map(
        ([, certificate, crl]) => new Uint8Array(Buffer.from(certificate ?? crl ?? '', 'base64')),
      ),
  }
}
