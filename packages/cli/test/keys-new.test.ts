import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { blindai } from './capture.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('keys new', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-keys-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('prints a key once and the SHA-256 that a configuration needs', async () => {
    const { key, keySha256 } = JSON.parse((await blindai(['keys', 'new', '--json'])).stdout)
    expect(key).toMatch(/^blindai_[A-Za-z0-9_-]{43}$/)
    expect(keySha256).toBe(sha256(key))
  })

  test('makes another one each time', async () => {
    const [a, b] = await Promise.all([blindai(['keys', 'new', '--json']), blindai(['keys', 'new', '--json'])])
    expect(a.stdout).not.toBe(b.stdout)
  })

  test('writes the key to a file for its owner alone, and does not print it', async () => {
    const { code, stdout, stderr } = await blindai(['keys', 'new', '--out', 'owner.key'], { folder })
    const file = join(folder, 'owner.key')
    const key = (await readFile(file, 'utf8')).trim()
    expect(code).toBe(0)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(stdout).toContain(sha256(key))
    expect(stdout + stderr).not.toContain(key)
  })

  test('overwrites nothing', async () => {
    await writeFile(join(folder, 'owner.key'), 'old')
    const { code, stderr } = await blindai(['keys', 'new', '--out', 'owner.key'], { folder })
    expect(code).toBe(1)
    expect(stderr).toContain('FILE_EXISTS')
    expect(await readFile(join(folder, 'owner.key'), 'utf8')).toBe('old')
  })
})
