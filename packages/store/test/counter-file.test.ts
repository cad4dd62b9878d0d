import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileCounter, nodeFiles } from '@blindai/store'
import { describe, expect, test } from 'vitest'
import { add, bytesLike, openAt, refusal, testFolder } from './support/opened.ts'

describe('a counter in a file', () => {
  test('begins at zero, grows, never shrinks, and is remembered', async () => {
    const folder = await testFolder()
    const counter = fileCounter(nodeFiles(folder), 'counter')
    expect(await counter.read()).toBe(0)
    await counter.advance(7)
    await counter.advance(3)
    expect(await counter.read()).toBe(7)
    expect(await fileCounter(nodeFiles(folder), 'counter').read()).toBe(7)
    expect(await readFile(join(folder, 'counter'), 'utf8')).toBe('blindai.store.counter.v1 7\n')
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test.each([
    ['nothing', ''],
    ['another form', '7\n'],
    ['no line end', 'blindai.store.counter.v1 7'],
    ['a leading zero', 'blindai.store.counter.v1 07\n'],
    ['a sign', 'blindai.store.counter.v1 -7\n'],
    ['too large a number', 'blindai.store.counter.v1 9007199254740993\n'],
    ['something after it', 'blindai.store.counter.v1 7\n\n'],
    ['bytes that are no text', '\xff'],
  ])('that holds %s is refused, never taken for zero', async (_, text) => {
    const folder = await testFolder()
    await writeFile(join(folder, 'counter'), text, 'latin1')
    const counter = fileCounter(nodeFiles(folder), 'counter')
    await expect(counter.read()).rejects.toMatchObject(refusal('COUNTER_MALFORMED', { file: 'counter' }))
    await expect(counter.advance(9)).rejects.toMatchObject(refusal('COUNTER_MALFORMED', { file: 'counter' }))
  })

  test('is written again where a write was cut off', async () => {
    const folder = await testFolder()
    await writeFile(join(folder, 'counter.tmp'), 'blindai.store.cou')
    const counter = fileCounter(nodeFiles(folder), 'counter')
    await counter.advance(3)
    expect(await counter.read()).toBe(3)
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test('that cannot be written fails, and the change with it', async () => {
    const [folder, outside] = [await testFolder(), await testFolder()]
    const counter = fileCounter(nodeFiles(outside), 'counter')
    const { store } = await openAt(folder, { counter })
    const model = await add(store, 'alice', bytesLike(10))
    await writeFile(join(outside, 'counter'), 'worn out')
    await expect(store.remove(model)).rejects.toMatchObject(refusal('COUNTER_MALFORMED', { file: 'counter' }))
  })
})
