import { Failure } from '../failure.ts'

/** One channel of sound, from -1 to 1. */
export interface Sound {
  readonly samples: Float32Array
  readonly samplingRate: number
}

/** Ten minutes; longer recordings are to be cut by the caller. */
export const MAX_SECONDS = 600
const MIN_RATE = 1000
const MAX_RATE = 384_000
const MAX_CHANNELS = 32

/** Names of the two formats that are read. Source: Multimedia Programming Interface 1.0, mmreg.h. */
const PCM = 1
const IEEE_FLOAT = 3
const EXTENSIBLE = 0xfffe
/** Bytes 2 to 15 of KSDATAFORMAT_SUBTYPE_…; the first two are the format. */
const SUBTYPE_TAIL = '000000001000800000aa00389b71'

interface Format {
  readonly encoding: 'pcm' | 'float'
  readonly channels: number
  readonly rate: number
  readonly sampleBytes: number
}

/**
 * Reads a WAV file: PCM of 8, 16, 24 or 32 bits, or 32 bit floating point. Channels are averaged.
 *
 * Source: Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format".
 *
 * @throws {Failure} `INPUT_UNSUPPORTED` `audio-format`, `audio-encoding`; `INPUT_INVALID` `audio-header`,
 * `audio-truncated`, `audio-too-long`, `audio-empty`, `audio-not-finite`.
 */
export function readWav(file: Uint8Array): Sound {
  if (tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE') throw new Failure('INPUT_UNSUPPORTED', 'audio-format', 'WAV')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let format: Format | undefined
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    switch (tag(file, at)) {
      case 'fmt ':
        if (format !== undefined || size < 16 || start + size > file.byteLength) throw malformed()
        format = parseFormat(new DataView(file.buffer, file.byteOffset + start, size))
        break
      case 'data': {
        if (format === undefined) throw malformed()
        const available = file.byteLength - start
        // Recorders that stream write the largest number for a length that they did not know yet.
        if (size > available && size !== 0xffff_ffff) throw new Failure('INPUT_INVALID', 'audio-truncated')
        return decode(format, file.subarray(start, start + Math.min(size, available)))
      }
      default: // titles, cue points, padding
    }
    at = start + size + (size % 2)
  }
  throw malformed()
}

function parseFormat(view: DataView): Format {
  const bits = view.getUint16(14, true)
  const channels = view.getUint16(2, true)
  const rate = view.getUint32(4, true)
  let code = view.getUint16(0, true)
  if (code === EXTENSIBLE) {
    if (view.byteLength < 40) throw malformed()
    code = view.getUint16(24, true)
    let tail = ''
    for (let at = 26; at < 40; at++) tail += view.getUint8(at).toString(16).padStart(2, '0')
    if (tail !== SUBTYPE_TAIL) throw unsupported()
  }
  if (channels < 1 || channels > MAX_CHANNELS || rate < MIN_RATE || rate > MAX_RATE) throw malformed()
  if (view.getUint16(12, true) !== channels * (bits / 8)) throw malformed()
  if (code === PCM && [8, 16, 24, 32].includes(bits)) return { encoding: 'pcm', channels, rate, sampleBytes: bits / 8 }
  if (code === IEEE_FLOAT && bits === 32) return { encoding: 'float', channels, rate, sampleBytes: 4 }
  throw unsupported()
}

function decode(format: Format, data: Uint8Array): Sound {
  const { channels, rate, sampleBytes } = format
  const frames = Math.floor(data.byteLength / (channels * sampleBytes))
  if (frames === 0) throw new Failure('INPUT_INVALID', 'audio-empty')
  if (frames > MAX_SECONDS * rate) throw new Failure('INPUT_INVALID', 'audio-too-long', `${MAX_SECONDS} s`)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const read = sampleReader(format, view)
  const samples = new Float32Array(frames)
  for (let frame = 0, at = 0; frame < frames; frame++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++, at += sampleBytes) sum += read(at)
    samples[frame] = sum / channels
  }
  if (format.encoding === 'float' && !samples.every(Number.isFinite))
    throw new Failure('INPUT_INVALID', 'audio-not-finite')
  return { samples, samplingRate: rate }
}

function sampleReader({ encoding, sampleBytes }: Format, view: DataView): (at: number) => number {
  if (encoding === 'float') return (at) => view.getFloat32(at, true)
  switch (sampleBytes) {
    case 1: // unsigned, silence is 128
      return (at) => (view.getUint8(at) - 128) / 0x80
    case 2:
      return (at) => view.getInt16(at, true) / 0x8000
    case 3:
      return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 0x80_0000
    default:
      return (at) => view.getInt32(at, true) / 0x8000_0000
  }
}

function tag(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4))
}

function malformed(): Failure {
  return new Failure('INPUT_INVALID', 'audio-header')
}

function unsupported(): Failure {
  return new Failure('INPUT_UNSUPPORTED', 'audio-encoding', 'PCM or 32 bit float')
}
