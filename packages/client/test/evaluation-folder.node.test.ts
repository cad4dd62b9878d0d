import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { evaluationFolder } from '../src/evaluation-folder.node.ts'
import type { SeenEvaluation } from '../src/index.ts'

const SERVER = 'https://enclave.example/'
const seen = (number: number): SeenEvaluation => ({ rootSha256: 'ab'.repeat(32), tee: 'tdx', number })

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-evaluations-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

describe('a memory in a folder', () => {
  test('is there for the next process, readable by its owner alone', async () => {
    const folder = join(await makeFolder(), 'state', 'evaluation-numbers')
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([])
    await evaluationFolder(folder).remember(SERVER, seen(21))
    await evaluationFolder(folder).remember(SERVER, seen(20))
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([seen(21)])
    const names = await readdir(folder)
    expect(names).toHaveLength(1)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const file = join(folder, names[0] ?? '')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ version: 1, server: SERVER, seen: [seen(21)] })
  })

  test('ends at the highest of numbers that many write one after the other', async () => {
    const folder = await makeFolder()
    for (const number of [20, 25, 22, 24]) await evaluationFolder(folder).remember(SERVER, seen(number))
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([seen(25)])
  })

  test('stays whole while many write at once, and leaves nothing beside', async () => {
    const folder = await makeFolder()
    const numbers = Array.from({ length: 20 }, (_, i) => 20 + i)
    await Promise.all(numbers.map((number) => evaluationFolder(folder).remember(SERVER, seen(number))))
    const [entry] = await evaluationFolder(folder).recall(SERVER)
    expect(numbers).toContain(entry?.number)
    expect(await readdir(folder)).toHaveLength(1)
  })

  test.each([
    ['that is cut', '{"version":1,', 'NOT_JSON'],
    ['that is empty', '', 'NOT_JSON'],
    ['that is far too long', ' '.repeat(100_000), 'TOO_LONG'],
  ])('refuses a file %s', async (_, text, reason) => {
    const folder = await makeFolder()
    await evaluationFolder(folder).remember(SERVER, seen(21))
    const [name = ''] = await readdir(folder)
    await writeFile(join(folder, name), text)
    const error = { code: 'EVALUATION_MEMORY_UNREADABLE', details: { reason } }
    await expect(evaluationFolder(folder).recall(SERVER)).rejects.toMatchObject(error)
    await expect(evaluationFolder(folder).remember(SERVER, seen(30))).rejects.toMatchObject(error)
    expect(await readFile(join(folder, name), 'utf8')).toBe(text)
  })

  test('refuses a folder where the file should be', async () => {
    const folder = await makeFolder()
    await evaluationFolder(folder).remember(SERVER, seen(21))
    const [name = ''] = await readdir(folder)
    await rm(join(folder, name))
    await mkdir(join(folder, name))
    await expect(evaluationFolder(folder).recall(SERVER)).rejects.toMatchObject({
      code: 'EVALUATION_MEMORY_UNREADABLE',
      details: { reason: 'EISDIR' },
    })
  })

  test('that cannot be written is an error, or told to who listens', async () => {
    const root = await makeFolder()
    const folder = join(root, 'evaluation-numbers')
    // A link that leads nowhere: nothing is found there, and nothing can be made.
    await symlink(join(root, 'nowhere', 'at', 'all'), folder)
    const error = { code: 'EVALUATION_MEMORY_UNWRITABLE', details: { server: SERVER } }
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([])
    await expect(evaluationFolder(folder).remember(SERVER, seen(21))).rejects.toMatchObject(error)
    const heard: unknown[] = []
    await evaluationFolder(folder, { onUnwritable: (problem) => heard.push(problem) }).remember(SERVER, seen(21))
    expect(heard).toMatchObject([error])
  })

  test('forgets the server of longest ago where there are too many', async () => {
    const folder = await makeFolder()
    const old = new Date('2026-01-01T00:00:00Z')
    for (let i = 0; i < 1030; i++) {
      const file = join(folder, `${i.toString(16).padStart(32, '0')}.json`)
      await writeFile(file, '{}')
      await utimes(file, old, new Date(old.getTime() + i * 1000))
    }
    await evaluationFolder(folder).remember(SERVER, seen(21))
    const names = await readdir(folder)
    expect(names).toHaveLength(1024)
    expect(names).not.toContain(`${'0'.repeat(32)}.json`)
    expect(await evaluationFolder(folder).recall(SERVER)).toEqual([seen(21)])
  })
})
