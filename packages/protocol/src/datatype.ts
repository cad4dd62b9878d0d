import { ProtocolError } from './protocol-error.ts'

/** Bytes of one element; BYTES elements have a length of their own. */
const ELEMENT_BYTES = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: undefined,
} as const

/** The tensor datatypes. Source: Open Inference Protocol v2, "Tensor Data Types". BF16 has no engine here. */
export type Datatype = keyof typeof ELEMENT_BYTES

/** All datatypes, in the specification's order. */
export const DATATYPES: readonly Datatype[] = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
]

/** True for the exact, upper-case name of a datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(ELEMENT_BYTES, text)
}

/**
 * @param field - names the value in the error.
 * @throws {ProtocolError} `DATATYPE_UNKNOWN`.
 */
export function parseDatatype(field: string, text: string): Datatype {
  if (!isDatatype(text)) throw new ProtocolError('DATATYPE_UNKNOWN', { field })
  return text
}

/** Bytes of one element, or undefined for BYTES. */
export function elementBytes(datatype: Datatype): number | undefined {
  return ELEMENT_BYTES[datatype]
}
