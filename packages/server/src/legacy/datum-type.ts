import type { Datatype } from '@blindai/protocol'

/** Elements of tensors as BlindAI 0.6 numbers and names them: by the number in inputs, by the name in outputs. */
// biome-ignore format: one datum type a row
const DATUM_TYPES: readonly { readonly name: string; readonly datatype: Datatype }[] = [
  { name: 'F32',  datatype: 'FP32' },
  { name: 'F64',  datatype: 'FP64' },
  { name: 'I32',  datatype: 'INT32' },
  { name: 'I64',  datatype: 'INT64' },
  { name: 'U32',  datatype: 'UINT32' },
  { name: 'U64',  datatype: 'UINT64' },
  { name: 'U8',   datatype: 'UINT8' },
  { name: 'U16',  datatype: 'UINT16' },
  { name: 'I8',   datatype: 'INT8' },
  { name: 'I16',  datatype: 'INT16' },
  { name: 'Bool', datatype: 'BOOL' },
]

/** The largest number of a datum type. */
export const MAX_DATUM_TYPE: number = DATUM_TYPES.length - 1

export function datatypeOf(datumType: number): Datatype | undefined {
  return DATUM_TYPES[datumType]?.datatype
}

/** undefined for a datatype that 0.6 does not have. */
export function datumTypeName(datatype: Datatype): string | undefined {
  return DATUM_TYPES.find((row) => row.datatype === datatype)?.name
}
