import { readFileSync } from 'node:fs'

/** The version of this package, the same as that of every other in the repository. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new TypeError('package.json of blindai has no version')
}
