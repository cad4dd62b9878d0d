import { type Seed, written } from './seeds.ts'

/** A WAV file of 8 kHz with the given encoding. Source: Multimedia Programming Interface and Data Specifications 1.0. */
function wav(code: number, bits: number, channels: number, data: readonly number[], extension: Buffer): Uint8Array {
  const format = Buffer.alloc(16)
  format.writeUInt16LE(code, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(8000, 4)
  format.writeUInt32LE((8000 * channels * bits) / 8, 8)
  format.writeUInt16LE((channels * bits) / 8, 12)
  format.writeUInt16LE(bits, 14)
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', Buffer.concat([format, extension])),
    chunk('data', Buffer.from(data)),
  ])
  return new Uint8Array(chunk('RIFF', body))
}

function chunk(name: string, body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.byteLength)
  return Buffer.concat([Buffer.from(name), size, body])
}

const NONE = Buffer.alloc(0)
const SAMPLES = [0, 128, 255, 7, 0, 0, 128, 63, 1, 2, 3, 4]
const EXTENSIBLE = Buffer.from('16001000030000000100000000001000800000aa00389b71', 'hex')

/** One of each encoding that is read, a dozen bytes of sound each. */
export const writtenWavs: Seed = written(
  wav(1, 8, 1, SAMPLES, NONE),
  wav(1, 16, 2, SAMPLES, NONE),
  wav(1, 24, 1, SAMPLES, NONE),
  wav(1, 32, 1, SAMPLES, NONE),
  wav(3, 32, 1, SAMPLES, NONE),
  wav(0xfffe, 16, 1, SAMPLES, EXTENSIBLE),
)
