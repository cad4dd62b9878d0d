import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Input, readInput } from '../src/input.ts'

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3)
const TENSORS =
  '{"inputs":[{"name":"x","datatype":"INT64","shape":[2],"data":[9007199254740993,-1]}],"outputs":[{"name":"y"}]}'

describe('an input', () => {
  let folder = ''
  const read = (argument: string, asText = false, stdin: Uint8Array = new Uint8Array()): Promise<Input> =>
    readInput(argument, { folder, asText, stdin: Readable.from([stdin]) })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindai-input-'))
    await writeFile(join(folder, 'photo'), JPEG)
    await writeFile(join(folder, 'message.txt'), 'see you at noon\n')
    await writeFile(join(folder, 'tensors.json'), TENSORS)
    await writeFile(join(folder, 'hello'), 'a file')
    await mkdir(join(folder, 'images'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('that names a file is the file, recognised by its bytes', async () => {
    expect(await read('photo')).toEqual({ kind: 'media', bytes: JPEG })
    expect(await read('message.txt')).toEqual({ kind: 'text', text: 'see you at noon' })
  })

  test('with @ must be a file', async () => {
    expect(await read('@hello')).toEqual({ kind: 'text', text: 'a file' })
    await expect(read('@nothing')).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      details: { reason: 'it does not exist' },
    })
  })

  test('that looks like a file name and is none is not sent as text', async () => {
    await expect(read('cta.jpg')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  test('that names nothing, or a folder, is text', async () => {
    expect(await read('free entry')).toEqual({ kind: 'text', text: 'free entry' })
    expect(await read('images')).toEqual({ kind: 'text', text: 'images' })
  })

  test('is text with --text, even where a file has that name', async () => {
    expect(await read('hello', true)).toEqual({ kind: 'text', text: 'hello' })
  })

  test('of - is standard input', async () => {
    expect(await read('-', false, JPEG)).toEqual({ kind: 'media', bytes: JPEG })
  })

  test.each(['tensors.json', TENSORS])('of JSON with inputs is tensors, exact to 64 bits', async (argument) => {
    expect(await read(argument)).toMatchObject({
      kind: 'tensors',
      tensors: [{ name: 'x', datatype: 'INT64', shape: [2], data: BigInt64Array.of(9007199254740993n, -1n) }],
      outputs: ['y'],
    })
  })

  test('of other JSON is text', async () => {
    expect(await read('{"a":1}')).toEqual({ kind: 'text', text: '{"a":1}' })
  })

  test('of wrong tensors is refused by the codec', async () => {
    const wrong = '{"inputs":[{"name":"x","datatype":"INT64","shape":[3],"data":[1]}]}'
    await expect(read(wrong)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})
