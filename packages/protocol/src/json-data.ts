import type { Datatype } from './datatype.ts'
import { openSink, readNumbers } from './json-elements.ts'
import type { JsonScanner } from './json-scanner.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * Tensor data in JSON, straight from the text into the bytes of a tensor.
 *
 * Source: Open Inference Protocol v2, "Tensor Data": flat in row-major order, or nested as the shape says.
 */

const OPEN = 0x5b
const CLOSE = 0x5d
const COMMA = 0x2c
const QUOTE = 0x22

/** From this length on the runtime's parser is the faster one. */
const LONG_ROW = 16

/**
 * Reads the array that the scanner stands at.
 *
 * @param field - names the data in errors.
 * @param count - the elements of `shape`; nothing is allocated before the text is long enough to hold that many.
 * @param end - where the array ends in the text.
 * @throws {ProtocolError} `SHAPE_MISMATCH`, `VALUE_TYPE_MISMATCH`, `VALUE_OUT_OF_RANGE`, `USE_BINARY`;
 * {MalformedError} `NOT_JSON`.
 */
export function readJsonData(
  scanner: JsonScanner,
  field: string,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
  end: number,
): Uint8Array {
  if (datatype === 'FP16') throw new ProtocolError('USE_BINARY', { field, reason: 'fp16' })
  const mismatch = (): ProtocolError => new ProtocolError('SHAPE_MISMATCH', { field, expectedElements: count })
  // Each element takes a character and a comma or bracket.
  if (2 * count > end - scanner.at) throw mismatch()
  const sink = openSink(scanner, field, datatype, count)
  let index = 0

  const row = (length: number): void => {
    if (!scanner.accept(OPEN)) throw mismatch()
    if (
      sink.floats !== undefined &&
      length >= LONG_ROW &&
      readNumbers(scanner, sink.floats.subarray(index, index + length))
    ) {
      index += length
      return
    }
    for (let i = 0; i < length; i++) {
      if (i > 0 && !scanner.accept(COMMA)) throw scanner.peek() === CLOSE ? mismatch() : scanner.unexpected('a comma')
      const written = sink.read(index)
      if (written === null) throw new ProtocolError('VALUE_OUT_OF_RANGE', { field, datatype, index })
      if (!written) throw badElement(scanner, field, datatype, index, mismatch)
      index++
    }
    if (!scanner.accept(CLOSE)) {
      const more = length === 0 ? scanner.startsValue() : scanner.peek() === COMMA
      throw more ? mismatch() : scanner.unexpected('a bracket')
    }
  }
  const nest = (level: number): void => {
    const length = shape[level] ?? 0
    if (level === shape.length - 1) {
      row(length)
      return
    }
    if (!scanner.accept(OPEN)) throw mismatch()
    for (let i = 0; i < length; i++) {
      if (i > 0 && !scanner.accept(COMMA)) throw mismatch()
      nest(level + 1)
    }
    if (!scanner.accept(CLOSE)) throw mismatch()
  }

  if (shape.length > 1 && isNested(scanner)) nest(0)
  else row(count)
  if (scanner.at !== end) throw scanner.unexpected('the end of the data')
  return sink.finish()
}

/** True when the array that the scanner stands at holds an array first. */
function isNested(scanner: JsonScanner): boolean {
  scanner.peek()
  const start = scanner.at
  const nested = scanner.accept(OPEN) && scanner.peek() === OPEN
  scanner.seek(start)
  return nested
}

/** What to say of a place where no element of the datatype stands. */
function badElement(
  scanner: JsonScanner,
  field: string,
  datatype: Datatype,
  index: number,
  mismatch: () => ProtocolError,
): Error {
  const start = scanner.peek()
  if (start === OPEN || start === CLOSE) return mismatch()
  if (datatype === 'FP32' || datatype === 'FP64') {
    // What Python and JavaScript write for values that JSON lacks.
    if (/(?:NaN|-?Infinity|null)/y.test(scanner.text.slice(scanner.at, scanner.at + 9))) {
      return new ProtocolError('USE_BINARY', { field, reason: 'not-finite' })
    }
  }
  if (start === QUOTE || scanner.number() !== undefined) {
    return new ProtocolError('VALUE_TYPE_MISMATCH', { field, datatype, index })
  }
  for (const word of ['true', 'false', 'null'] as const) {
    if (scanner.word(word)) return new ProtocolError('VALUE_TYPE_MISMATCH', { field, datatype, index })
  }
  if (start === 0x7b) return new ProtocolError('VALUE_TYPE_MISMATCH', { field, datatype, index })
  return scanner.unexpected('a value')
}
