import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { readTaskInput } from '../src/task-input.ts'

const SIGNED = {
  'image/jpeg': [0xff, 0xd8, 0xff, 0xe0, 0, 16],
  'image/png': [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0],
  'image/webp': [...utf8('RIFF'), 1, 2, 3, 4, ...utf8('WEBP'), 0],
  'audio/wav': [...utf8('RIFF'), 1, 2, 3, 4, ...utf8('WAVE'), 0],
}

describe('an input of a task', () => {
  test.each(Object.entries(SIGNED))('is %s when its first bytes say so', async (contentType, bytes) => {
    const data = Uint8Array.from(bytes)
    expect(await readTaskInput(data, 0)).toEqual({ kind: 'binary', data, contentType })
  })

  test('is what its bytes are, whatever a Blob is labelled', async () => {
    const blob = new Blob([Uint8Array.from(SIGNED['image/png'])], { type: 'image/jpeg' })
    expect(await readTaskInput(blob, 0)).toMatchObject({ contentType: 'image/png' })
  })

  test('is text when it is a string, also when it looks like a path', async () => {
    expect(await readTaskInput('/etc/passwd', 0)).toEqual({ kind: 'text', text: '/etc/passwd' })
  })

  test('is text when it is bytes of UTF-8', async () => {
    expect(await readTaskInput(utf8('Grüße\n'), 0)).toEqual({ kind: 'text', text: 'Grüße\n' })
  })

  test.each([
    ['nothing', []],
    ['bytes that are no UTF-8', [0xc3, 0x28]],
    ['text with control characters', [0x61, 0x00, 0x62]],
    ['a RIFF container of another kind', [...utf8('RIFF'), 1, 2, 3, 4, ...utf8('AVI '), 0]],
  ])('is refused when it is %s', async (_, bytes) => {
    await expect(readTaskInput(Uint8Array.from(bytes), 3)).rejects.toMatchObject({
      family: 'fix',
      code: 'INPUT_UNRECOGNISED',
      details: { index: 3, size: bytes.length },
    })
  })
})
