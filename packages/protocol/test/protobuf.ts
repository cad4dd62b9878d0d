import { concatBytes, utf8 } from '@blindai/core'

/** Protobuf written by hand, wrong where a test wants it. Source: Protocol Buffers, "Encoding". */

/** A number or length in groups of seven bits. */
export function varint(value: bigint | number): Uint8Array {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, BigInt(value))
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80)
    left >>= 7n
  }
  return Uint8Array.from([...bytes, Number(left)])
}

export function tag(number: number, wireType: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(wireType))
}

/** A field of bytes, of text, or of a message given as its fields. */
export function field(number: number, value: Uint8Array | string | readonly Uint8Array[]): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value instanceof Uint8Array ? value : message(...value)
  return message(tag(number, 2), varint(bytes.byteLength), bytes)
}

/** A field of one integer. */
export function integer(number: number, value: bigint | number): Uint8Array {
  return message(tag(number, 0), varint(value))
}

export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...fields)
}

/** An input with its shape, and what else it has. */
export function inputOf(datatype: string, shape: readonly number[], ...rest: readonly Uint8Array[]): Uint8Array {
  return field(5, [
    field(1, 'x'),
    field(2, datatype),
    field(3, message(...shape.map((dimension) => varint(dimension)))),
    ...rest,
  ])
}
