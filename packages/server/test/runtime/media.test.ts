import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { readImageHeader } from '../../src/runtime/engine/media/image-header.ts'
import { resample } from '../../src/runtime/engine/media/resample.ts'
import { readWav } from '../../src/runtime/engine/media/wav.ts'
import { bytesOf, sample } from './fixtures/samples.ts'

function bytes(size: number, write: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(size)
  write(new DataView(result.buffer))
  return result
}

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}

/** A PNG up to the end of its header. */
function png(width: number, height: number): Uint8Array {
  const size = bytes(8, (view) => {
    view.setUint32(0, width)
    view.setUint32(4, height)
  })
  return concatBytes(text('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'), size, new Uint8Array(9))
}

/** A RIFF chunk. */
function chunk(name: string, content: Uint8Array): Uint8Array {
  const size = bytes(4, (view) => view.setUint32(0, content.byteLength, true))
  return concatBytes(text(name), size, content, new Uint8Array(content.byteLength % 2))
}

function webp(name: string, ...head: number[]): Uint8Array {
  const content = new Uint8Array(40)
  content.set(head)
  return concatBytes(text('RIFF\0\0\0\0WEBP'), chunk(name, content))
}

interface Format {
  readonly code: number
  readonly channels: number
  readonly rate: number
  readonly bits: number
}

function wav({ code, channels, rate, bits }: Format, data: Uint8Array, ...before: readonly Uint8Array[]): Uint8Array {
  const format = bytes(16, (view) => {
    view.setUint16(0, code, true)
    view.setUint16(2, channels, true)
    view.setUint32(4, rate, true)
    view.setUint32(8, (rate * channels * bits) / 8, true)
    view.setUint16(12, (channels * bits) / 8, true)
    view.setUint16(14, bits, true)
  })
  return concatBytes(text('RIFF\0\0\0\0WAVE'), ...before, chunk('fmt ', format), chunk('data', data))
}

const MONO = { code: 1, channels: 1, rate: 16_000, bits: 16 }

describe('the size of a picture', () => {
  test('is read from PNG, JPEG and every kind of WebP', () => {
    expect(readImageHeader(png(640, 480))).toEqual({ format: 'png', width: 640, height: 480 })
    expect(readImageHeader(sample('images/parrot.jpg'))).toEqual({ format: 'jpeg', width: 353, height: 640 })
    expect(readImageHeader(webp('VP8 ', 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01))).toMatchObject({
      width: 640,
      height: 480,
    })
    expect(readImageHeader(webp('VP8L', 0x2f, 0x7f, 0xc2, 0x77, 0x00))).toMatchObject({ width: 640, height: 480 })
    expect(readImageHeader(webp('VP8X', 0, 0, 0, 0, 0x7f, 0x02, 0, 0xdf, 0x01, 0))).toMatchObject({
      width: 640,
      height: 480,
    })
  })

  test.for([
    ['more pixels than fit', png(16_000, 16_000), 'image-too-large'],
    ['a side without end', png(1, 0xffff_ffff), 'image-too-large'],
    ['no pixels', png(0, 10), 'image-header'],
    ['a JPEG without a frame', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9, 0, 0, 0, 0, 0, 0, 0), 'image-header'],
    ['a PNG cut in its header', png(1, 1).subarray(0, 20), 'image-header'],
  ] as const)('is refused: %s', ([, file, reason]) => {
    expect(() => readImageHeader(file)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', reason }))
  })

  test.for(['GIF89a', '<svg xmlns="">', 'II*\0', '\0\0\0\x20ftypavif', ''])('is not even looked for in %j', (head) => {
    expect(() => readImageHeader(text(head))).toThrow(expect.objectContaining({ code: 'INPUT_UNSUPPORTED' }))
  })
})

describe('a recording', () => {
  test.for<[string, Partial<Format>, Uint8Array]>([
    ['8 bits', { bits: 8 }, Uint8Array.of(128, 192, 0)],
    ['16 bits', { bits: 16 }, bytesOf(Int16Array.of(0, 16_384, -32_768))],
    ['24 bits', { bits: 24 }, Uint8Array.of(0, 0, 0, 0, 0, 0x40, 0, 0, 0x80)],
    ['32 bits', { bits: 32 }, bytesOf(Int32Array.of(0, 2 ** 30, -(2 ** 31)))],
    ['32 bit floating point', { bits: 32, code: 3 }, bytesOf(Float32Array.of(0, 0.5, -1))],
  ])('of %s is read', ([, format, data]) => {
    expect(readWav(wav({ ...MONO, ...format }, data))).toEqual({
      samples: Float32Array.of(0, 0.5, -1),
      samplingRate: 16_000,
    })
  })

  test('of two channels becomes one, and chunks of other things are passed over', () => {
    const stereo = wav(
      { ...MONO, channels: 2 },
      bytesOf(Int16Array.of(16_384, 0, -16_384, -16_384)),
      chunk('LIST', text('odd')),
    )
    expect(readWav(stereo).samples).toEqual(Float32Array.of(0.25, -0.5))
  })

  const samples = bytesOf(Int16Array.of(1, 2))
  test.for<[string, Uint8Array, string, string]>([
    ['an MP3', text('ID3\x04'), 'INPUT_UNSUPPORTED', 'audio-format'],
    ['compressed', wav({ ...MONO, code: 2 }, samples), 'INPUT_UNSUPPORTED', 'audio-encoding'],
    ['of 12 bits', wav({ ...MONO, bits: 12 }, samples), 'INPUT_INVALID', 'audio-header'],
    ['without channels', wav({ ...MONO, channels: 0 }, samples), 'INPUT_INVALID', 'audio-header'],
    ['at no rate', wav({ ...MONO, rate: 0 }, samples), 'INPUT_INVALID', 'audio-header'],
    ['of nothing', wav(MONO, new Uint8Array(0)), 'INPUT_INVALID', 'audio-empty'],
    ['cut short', wav(MONO, samples).subarray(0, -1), 'INPUT_INVALID', 'audio-truncated'],
    [
      'of eleven minutes',
      wav({ ...MONO, rate: 1000, bits: 8 }, new Uint8Array(660_000)),
      'INPUT_INVALID',
      'audio-too-long',
    ],
    [
      'of no numbers',
      wav({ ...MONO, code: 3, bits: 32 }, bytesOf(Float32Array.of(Number.NaN))),
      'INPUT_INVALID',
      'audio-not-finite',
    ],
  ])('is refused: %s', ([, file, code, reason]) => {
    expect(() => readWav(file)).toThrow(expect.objectContaining({ code, reason }))
  })
})

/** A sine of a frequency. */
function tone(frequency: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * frequency * n) / rate))
}

/** The root of the mean square, away from the ends. */
function level(sound: Float32Array): number {
  const middle = sound.subarray(sound.length / 4, (3 * sound.length) / 4)
  return Math.sqrt(middle.reduce((sum, value) => sum + value * value, 0) / middle.length)
}

describe('a change of the sampling rate', () => {
  test.for([
    [8000, 16_000],
    [44_100, 16_000],
    [48_000, 16_000],
    [22_050, 16_000],
    [44_099, 16_000],
  ] as const)('from %i to %i keeps a tone of 1000 Hz to a part in a thousand', ([from, to]) => {
    const changed = resample(tone(1000, from, from), from, to)
    const expected = tone(1000, to, to)
    expect(changed).toHaveLength(to)
    expect(level(changed.map((value, n) => value - (expected[n] ?? 0)))).toBeLessThan(0.001)
  })

  test('leaves nothing of a tone that the lower rate cannot hold', () => {
    expect(level(resample(tone(12_000, 44_100, 44_100), 44_100, 16_000))).toBeLessThan(0.0005)
  })

  test('is none where the rates are equal', () => {
    const sound = tone(440, 16_000, 100)
    expect(resample(sound, 16_000, 16_000)).toBe(sound)
  })
})
