import { describe, expect, test } from 'vitest'
import {
  type EvaluationMemory,
  processEvaluationMemory,
  type SeenEvaluation,
  storedEvaluationMemory,
  type TextStorage,
} from '../src/index.ts'

const SERVER = 'https://enclave.example/'
const KEY = `blindai.evaluation-numbers.v1 ${SERVER}`
const ROOT = 'ab'.repeat(32)

const seen = (number: number, members: Partial<SeenEvaluation> = {}): SeenEvaluation => ({
  rootSha256: ROOT,
  tee: 'tdx',
  number,
  ...members,
})

/** What `localStorage` does, without a browser. */
function storage(texts: Map<string, string> = new Map()): TextStorage & { readonly texts: Map<string, string> } {
  return { texts, getItem: (key) => texts.get(key) ?? null, setItem: (key, value) => void texts.set(key, value) }
}

const MEMORIES: readonly (readonly [string, () => EvaluationMemory])[] = [
  ['of the process', processEvaluationMemory],
  ['in a storage', () => storedEvaluationMemory(storage())],
]

describe.each(MEMORIES)('a memory %s', (_, open) => {
  test('knows nothing of a server that it never heard of', async () => {
    expect(await open().recall(SERVER)).toEqual([])
  })

  test('raises a number and never lowers it', async () => {
    const memory = open()
    for (const number of [20, 22, 21, 19]) await memory.remember(SERVER, seen(number))
    expect(await memory.recall(SERVER)).toEqual([seen(22)])
  })

  test('keeps servers, roots and TEEs apart', async () => {
    const memory = open()
    const other = { rootSha256: 'cd'.repeat(32) }
    await memory.remember(SERVER, seen(20))
    await memory.remember(SERVER, seen(9999, other))
    await memory.remember(SERVER, seen(30, { tee: 'sgx' }))
    await memory.remember('https://other.example/', seen(40))
    expect(await memory.recall(SERVER)).toEqual([seen(20), seen(9999, other), seen(30, { tee: 'sgx' })])
  })

  test('holds a bounded number of roots of a server', async () => {
    const memory = open()
    for (let i = 0; i < 100; i++) {
      await memory.remember(SERVER, seen(i, { rootSha256: i.toString(16).padStart(64, '0') }))
    }
    expect(await memory.recall(SERVER)).toHaveLength(32)
  })
})

describe('a memory of the process', () => {
  test('holds a bounded number of servers', async () => {
    const memory = processEvaluationMemory()
    for (let i = 0; i < 1100; i++) await memory.remember(`https://${i}.example/`, seen(20))
    expect(await memory.recall('https://0.example/')).toEqual([])
    expect(await memory.recall('https://1099.example/')).toEqual([seen(20)])
  })
})

describe('a memory in a storage', () => {
  test('is there for the next page', async () => {
    const texts = storage()
    await storedEvaluationMemory(texts).remember(SERVER, seen(21))
    expect(await storedEvaluationMemory(texts).recall(SERVER)).toEqual([seen(21)])
  })

  const whole = (members: object): string =>
    JSON.stringify({ version: 1, server: SERVER, seen: [{ ...seen(21), ...members }] })

  test.each([
    ['is empty', '', 'NOT_JSON'],
    ['is cut', whole({}).slice(0, -3), 'NOT_JSON'],
    ['is no object', '[]', 'WRONG_TYPE'],
    ['is of another version', whole({}).replace('"version":1', '"version":2'), 'WRONG_VALUE'],
    ['is of another server', whole({}).replace(SERVER, 'https://other.example/'), 'WRONG_VALUE'],
    ['has a member twice', whole({}).replace('"version":1', '"version":1,"version":1'), 'DUPLICATE_MEMBER'],
    ['has an unknown member', whole({ lower: true }), 'UNKNOWN_MEMBER'],
    ['names a root by something else', whole({ rootSha256: 'AB' }), 'WRONG_VALUE'],
    ['names another TEE', whole({ tee: 'snp' }), 'WRONG_VALUE'],
    ['has a number below zero', whole({ number: -1 }), 'WRONG_VALUE'],
    ['has a fraction', whole({ number: 1.5 }), 'WRONG_VALUE'],
    ['has a number as text', whole({ number: '21' }), 'WRONG_VALUE'],
    ['lacks the list', JSON.stringify({ version: 1, server: SERVER }), 'WRONG_VALUE'],
  ])('that %s is refused by name, neither believed nor begun anew', async (_, text, reason) => {
    const texts = storage(new Map([[KEY, text]]))
    const memory = storedEvaluationMemory(texts)
    const error = { family: 'fix', code: 'EVALUATION_MEMORY_UNREADABLE', details: { server: SERVER, reason } }
    await expect(memory.recall(SERVER)).rejects.toMatchObject(error)
    await expect(memory.remember(SERVER, seen(22))).rejects.toMatchObject(error)
    expect(texts.texts.get(KEY)).toBe(text)
  })
})
