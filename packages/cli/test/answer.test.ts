import { describe, expect, test } from 'vitest'
import { headlineOf, printAnswer, tensorToJson } from '../src/answer.ts'
import { Terminal } from '../src/terminal.ts'

function printed(answer: Parameters<typeof printAnswer>[0]): string {
  let out = ''
  const stream = {
    write(text: string) {
      out += text
    },
  }
  printAnswer(answer, new Terminal({ stdout: stream, stderr: stream, env: {}, json: false }))
  return out
}

describe('an answer', () => {
  test('of a classification is its best labels, with the first in front', () => {
    const labels = [
      { label: 'macaw', score: 0.9 },
      { label: 'toucan', score: 0.05 },
    ]
    expect(printed(labels)).toBe(' 90.0 %  macaw\n  5.0 %  toucan\n')
    expect(headlineOf(labels)).toEqual({ text: 'macaw', score: 0.9 })
  })

  test('of a transcription is its text', () => {
    expect(printed({ text: 'stop up' })).toBe('stop up\n')
    expect(headlineOf({ text: 'stop up' })).toEqual({ text: 'stop up' })
  })

  test('of an unknown shape is JSON, and has no headline', () => {
    expect(printed({ masks: [1] })).toBe('{"masks":[1]}\n')
    expect(headlineOf({ masks: [1] })).toBeUndefined()
  })
})

describe('a tensor as JSON', () => {
  const of = (tensor: object): object => ({ name: 'y', shape: [2], ...tensor })

  test('keeps 64-bit integers exact, as strings', () => {
    const data = BigInt64Array.of(9007199254740993n, -1n)
    expect(tensorToJson({ name: 'y', shape: [2], datatype: 'INT64', data })).toEqual(
      of({ datatype: 'INT64', data: ['9007199254740993', '-1'] }),
    )
  })

  test('names NaN and infinities, which JSON cannot', () => {
    const data = Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY)
    expect(tensorToJson({ name: 'y', shape: [2], datatype: 'FP32', data })).toEqual(
      of({ datatype: 'FP32', data: ['NaN', '-Infinity'] }),
    )
  })

  test('has the numbers of halves, not their bits', () => {
    const data = Uint16Array.of(0x3c00, 0xc000)
    expect(tensorToJson({ name: 'y', shape: [2], datatype: 'FP16', data })).toEqual(
      of({ datatype: 'FP16', data: [1, -2] }),
    )
  })

  test('has BYTES as text, or as hexadecimal where they are none', () => {
    const data = [new TextEncoder().encode('ja'), Uint8Array.of(0xff, 0)]
    expect(tensorToJson({ name: 'y', shape: [2], datatype: 'BYTES', data })).toEqual(
      of({ datatype: 'BYTES', data: ['ja', 'ff00'] }),
    )
  })
})
