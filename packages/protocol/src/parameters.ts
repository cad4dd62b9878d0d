import { MalformedError } from '@blindai/core'
import type { JsonScanner } from './json-scanner.ts'
import { ProtocolError } from './protocol-error.ts'

/** Parameters of a request, response or tensor. Source: Open Inference Protocol v2, "Parameters". */
export type InferParameters = Readonly<Record<string, string | number | boolean>>

/** What the binary tensor data extension puts among the parameters. */
export interface BinaryParameters {
  readonly binary_data_size?: number
  readonly binary_data?: boolean
  readonly binary_data_output?: boolean
}

/** The parameters that the scanner stands at, those of the binary extension apart from the others. */
export interface ReadParameters {
  readonly own: InferParameters | undefined
  readonly binary: BinaryParameters
}

/**
 * Reads a parameters object.
 *
 * @throws {MalformedError} `WRONG_TYPE` for a value that is no string, number or boolean, and for a member of the
 * binary extension of another type; `NOT_JSON`, `DUPLICATE_MEMBER`.
 */
export function readParameters(scanner: JsonScanner, field: string): ReadParameters {
  const own: Record<string, string | number | boolean> = Object.create(null)
  const binary: { -readonly [Name in keyof BinaryParameters]: BinaryParameters[Name] } = {}
  let hasOwn = false
  for (const name of scanner.members(field)) {
    const place = `${field}.${name}`
    switch (name) {
      case 'binary_data_size':
        binary.binary_data_size = readByteCount(scanner, place)
        break
      case 'binary_data':
      case 'binary_data_output':
        binary[name] = readBoolean(scanner, place)
        break
      default:
        own[name] = readScalar(scanner, field)
        hasOwn = true
    }
  }
  return { own: hasOwn ? own : undefined, binary }
}

/**
 * Reads the parameters of a tensor.
 *
 * @throws {ProtocolError} `SHARED_MEMORY_UNSUPPORTED`; besides as `readParameters`.
 */
export function readTensorParameters(scanner: JsonScanner, field: string): ReadParameters {
  const read = readParameters(scanner, `${field}.parameters`)
  if (read.own?.shared_memory_region !== undefined) throw new ProtocolError('SHARED_MEMORY_UNSUPPORTED', { field })
  return read
}

function readByteCount(scanner: JsonScanner, field: string): number {
  const value = scanner.integer()
  if (value === undefined || !(value >= 0)) throw new MalformedError('WRONG_TYPE', { field, expected: 'a byte count' })
  return value
}

function readBoolean(scanner: JsonScanner, field: string): boolean {
  if (scanner.word('true')) return true
  if (scanner.word('false')) return false
  throw new MalformedError('WRONG_TYPE', { field, expected: 'true or false' })
}

function readScalar(scanner: JsonScanner, field: string): string | number | boolean {
  const value = scanner.value(field)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an object of strings, numbers and booleans' })
}
