/**
 * Small ONNX models, written by hand, so that a test can have what no exporter makes.
 *
 * Source: onnx.proto3 of ONNX 1.20, field numbers beside the names; Protocol Buffers encoding, wire types 0 and 2.
 */

/** A field of a message: its number, and a varint, a text or bytes. */
export type Field = readonly [number, number | string | Uint8Array]

/** A message of the fields, in their order. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number * 8), varint(value)]
      const bytes = Buffer.from(value)
      return [varint(number * 8 + 2), varint(bytes.byteLength), bytes]
    }),
  )
}

/** TensorProto.DataType. */
export const ELEMENT = { float: 1, int64: 7, string: 8, bool: 9 } as const

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 | dim_param 2 } } } }. */
export function value(name: string, element: number, dimensions: readonly (number | string)[]): Buffer {
  const shape = dimensions.map((one): Field => [1, message(typeof one === 'number' ? [1, one] : [2, one])])
  return message([1, name], [2, message([1, message([1, element], [2, message(...shape)])])])
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7. */
export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Buffer[] = [],
  domain = '',
): Buffer {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, operator],
    ...attributes.map((bytes): Field => [5, bytes]),
    ...(domain === '' ? [] : [[7, domain] as const]),
  )
}

/** AttributeProto of a graph: name 1, g 6, type 20 (GRAPH is 5). */
export function graphAttribute(name: string, bytes: Buffer): Buffer {
  return message([1, name], [6, bytes], [20, 5])
}

/** What a graph is made of. */
export interface GraphParts {
  readonly nodes: readonly Buffer[]
  readonly inputs: readonly Buffer[]
  readonly outputs: readonly Buffer[]
  readonly initializers?: readonly Buffer[]
}

/** GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function graph({ nodes, inputs, outputs, initializers = [] }: GraphParts): Buffer {
  return message(
    ...nodes.map((bytes): Field => [1, bytes]),
    [2, 'g'],
    ...initializers.map((bytes): Field => [5, bytes]),
    ...inputs.map((bytes): Field => [11, bytes]),
    ...outputs.map((bytes): Field => [12, bytes]),
  )
}

/** ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8 { domain 1, version 2 }. */
export function model(parts: GraphParts, producer = 'test'): Uint8Array<ArrayBuffer> {
  return new Uint8Array(message([1, 8], [2, producer], [7, graph(parts)], [8, message([1, ''], [2, 17])]))
}

function varint(number: number): Buffer {
  const bytes: number[] = []
  for (let left = number; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) + 128)
  }
}
