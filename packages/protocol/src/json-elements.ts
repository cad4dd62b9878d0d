import { utf8 } from '@blindai/core'
import { type Datatype, elementBytes } from './datatype.ts'
import type { JsonScanner } from './json-scanner.ts'
import { joinBytesElements } from './raw-tensor.ts'

/**
 * Elements in JSON, datatype by datatype, written where the tensor keeps them.
 */

const QUOTE = 0x22

/** Writes one element that the scanner stands at; false when it is of another type, null when out of range. */
export type ElementReader = (index: number) => boolean | null

/** Where the elements of one tensor go. */
export interface Sink {
  readonly read: ElementReader
  /** The elements, where numbers may be written without looking at each. */
  readonly floats?: Float32Array | Float64Array
  finish(): Uint8Array
}

/** Opens a sink for `count` elements that the scanner will stand at one by one. */
export function openSink(
  scanner: JsonScanner,
  field: string,
  datatype: Exclude<Datatype, 'FP16'>,
  count: number,
): Sink {
  const data = new Uint8Array(count * (elementBytes(datatype) ?? 0))
  const fixed = (read: ElementReader): Sink => ({ read, finish: () => data })
  switch (datatype) {
    case 'BOOL':
      return fixed(boolReader(scanner, data))
    case 'UINT8':
      return fixed(integerReader(scanner, data, 0, 0xff))
    case 'INT8':
      return fixed(integerReader(scanner, new Int8Array(data.buffer), -0x80, 0x7f))
    case 'UINT16':
      return fixed(integerReader(scanner, new Uint16Array(data.buffer), 0, 0xffff))
    case 'INT16':
      return fixed(integerReader(scanner, new Int16Array(data.buffer), -0x8000, 0x7fff))
    case 'UINT32':
      return fixed(integerReader(scanner, new Uint32Array(data.buffer), 0, 0xffff_ffff))
    case 'INT32':
      return fixed(integerReader(scanner, new Int32Array(data.buffer), -0x8000_0000, 0x7fff_ffff))
    case 'UINT64':
      return fixed(wideReader(scanner, data, 0n, 0xffff_ffff_ffff_ffffn))
    case 'INT64':
      return fixed(wideReader(scanner, data, -0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn))
    case 'FP32': {
      const floats = new Float32Array(data.buffer)
      return { ...fixed(floatReader(scanner, floats)), floats }
    }
    case 'FP64': {
      const floats = new Float64Array(data.buffer)
      return { ...fixed(floatReader(scanner, floats)), floats }
    }
    case 'BYTES':
      return openBytesSink(scanner, field)
    default:
      return datatype satisfies never
  }
}

function boolReader(scanner: JsonScanner, data: Uint8Array): ElementReader {
  return (index) => {
    if (scanner.word('true')) data[index] = 1
    else if (!scanner.word('false')) return false
    return true
  }
}

function integerReader(
  scanner: JsonScanner,
  elements: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array,
  least: number,
  greatest: number,
): ElementReader {
  return (index) => {
    const value = scanner.integer()
    if (value === undefined) return false
    // NaN, the sign of many digits, fails this too.
    if (!(value >= least && value <= greatest)) return null
    elements[index] = value
    return true
  }
}

/** 64-bit integers: those of up to 15 digits as two halves without a bigint each, the others from their digits. */
function wideReader(
  scanner: JsonScanner,
  data: Uint8Array<ArrayBuffer>,
  least: bigint,
  greatest: bigint,
): ElementReader {
  const halves = new Uint32Array(data.buffer)
  const words = new BigUint64Array(data.buffer)
  return (index) => {
    const value = scanner.integer()
    if (value === undefined) return false
    if (Number.isNaN(value)) {
      const literal = scanner.literal
      // A sign and the 20 digits of 2^64.
      if (literal.length > 21) return null
      const wide = BigInt(literal)
      if (wide < least || wide > greatest) return null
      words[index] = wide
      return true
    }
    if (value < 0 && least === 0n) return null
    halves[2 * index] = value
    halves[2 * index + 1] = Math.floor(value / 2 ** 32)
    return true
  }
}

function floatReader(scanner: JsonScanner, elements: Float32Array | Float64Array): ElementReader {
  return (index) => {
    const value = scanner.number()
    if (value === undefined) return false
    elements[index] = value
    return Number.isFinite(elements[index]) ? true : null
  }
}

function openBytesSink(scanner: JsonScanner, field: string): Sink {
  const elements: Uint8Array[] = []
  return {
    read: () => {
      if (scanner.peek() !== QUOTE) return false
      const start = scanner.at
      const text = scanner.string(field)
      if (!text.isWellFormed()) {
        // Half of a surrogate pair has no UTF-8 form.
        scanner.seek(start)
        return false
      }
      elements.push(utf8(text))
      return true
    },
    finish: () => joinBytesElements(elements),
  }
}

/**
 * Reads the rest of an array of finite numbers, its opening bracket just read, by the runtime's own parser, which is
 * several times faster.
 *
 * @returns false, with nothing read, unless there are exactly as many numbers as the array has room for: the caller
 * then reads them one by one and learns what is wrong.
 */
export function readNumbers(scanner: JsonScanner, into: Float32Array | Float64Array): boolean {
  const end = scanner.text.indexOf(']', scanner.at)
  if (end < 0) return false
  const values = parseArray(`[${scanner.text.slice(scanner.at, end)}]`)
  if (values?.length !== into.length) return false
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i]
    if (typeof value !== 'number') return false
    into[i] = value
    if (!Number.isFinite(into[i])) return false
  }
  scanner.seek(end + 1)
  return true
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const values: unknown = JSON.parse(text)
    return Array.isArray(values) ? values : undefined
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return undefined
  }
}
