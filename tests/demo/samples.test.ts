import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url))
const ALLOWED_LICENCES = ['Apache-2.0', 'MIT', 'CC-BY-2.0', 'CC-BY-4.0', 'public domain']

interface Listed {
  readonly file: string
  readonly kind: string
  readonly licence: string
  readonly credit: string
  readonly rightAnswer: string
  readonly sha256?: string
  readonly files?: Readonly<Record<string, { readonly sha256: string }>>
}

const { samples }: { samples: Listed[] } = JSON.parse(readFileSync(join(SAMPLES, 'SAMPLES.json'), 'utf8'))

/** Every listed file with its digest; those of a model folder one by one. */
const listed = new Map(
  samples.flatMap(({ file, sha256, files = {} }) => [
    ...(sha256 === undefined ? [] : [[file, sha256] as const]),
    ...Object.entries(files).map(([path, entry]) => [`${file}${path}`, entry.sha256] as const),
  ]),
)

const present = readdirSync(SAMPLES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(SAMPLES.length))
  .filter((path) => !path.endsWith('.md') && path !== 'SAMPLES.json')

describe('the list of samples', () => {
  test('names each file of the folder and no other', () => {
    expect([...listed.keys()].sort()).toEqual(present.sort())
  })

  test.each([...listed])('has the digest of %s', (path, sha256) => {
    expect(
      createHash('sha256')
        .update(readFileSync(join(SAMPLES, path)))
        .digest('hex'),
    ).toBe(sha256)
  })

  test.each(samples)('gives $file a licence that may be here, a credit and a right answer', (sample) => {
    expect(ALLOWED_LICENCES).toContain(sample.licence)
    expect(sample.credit).not.toBe('')
    expect(sample.rightAnswer).not.toBe('')
  })
})
