import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { rewriteFile } from '../rewrite-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'blindai-rewrite-'))
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const read = (path: string): string => readFileSync(path, 'utf8')

describe('a file that is written again', () => {
  test('has what the work comes to, and another content meanwhile', async () => {
    const path = written('works', 'before')
    await rewriteFile(path, 'meanwhile', async () => `after ${read(path)}`)
    expect(read(path)).toBe('after meanwhile')
  })
  test('is as it was when the work fails', async () => {
    const path = written('fails', 'before')
    const failing = rewriteFile(path, 'meanwhile', async () => {
      throw new Error(read(path))
    })
    await expect(failing).rejects.toThrow(new Error('meanwhile'))
    expect(read(path)).toBe('before')
  })
  test('has to be there', async () => {
    const path = join(folder, 'absent')
    await expect(rewriteFile(path, 'meanwhile', async () => 'after')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
