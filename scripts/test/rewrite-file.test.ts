import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is as it was when %s ends the work', async (signal) => {
    const path = written(signal, 'before')
    const script = fileURLToPath(new URL('../rewrite-file.ts', import.meta.url))
    const work = "() => { console.log('works'); return new Promise((resolve) => setTimeout(resolve, 60_000, 'after')) }"
    const code = `const { rewriteFile } = await import(${JSON.stringify(script)})
      await rewriteFile(${JSON.stringify(path)}, 'meanwhile', ${work})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    expect(read(path)).toBe('meanwhile')
    child.kill(signal)
    expect(await exited).toEqual([null, signal])
    expect(read(path)).toBe('before')
  })
  test('has to be there', async () => {
    const path = join(folder, 'absent')
    await expect(rewriteFile(path, 'meanwhile', async () => 'after')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
