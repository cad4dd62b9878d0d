import { concatBytes, utf8 } from '@blindai/core'

/** CBOR as answers need it. Source: RFC 8949 section 3; definite lengths, numbers in their shortest form. */

export const CBOR_NULL: Uint8Array = Uint8Array.of(0xf6)

export function cborUnsigned(value: number): Uint8Array {
  return head(0, value)
}

export function cborBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(head(2, bytes.byteLength), bytes)
}

export function cborText(text: string): Uint8Array {
  const bytes = utf8(text)
  return concatBytes(head(3, bytes.byteLength), bytes)
}

/** @param items - each already CBOR. */
export function cborArray(items: readonly Uint8Array[]): Uint8Array {
  return concatBytes(head(4, items.length), ...items)
}

/** @param members - names with values that are already CBOR, in the order in which they are written. */
export function cborMap(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(members)
  return concatBytes(head(5, entries.length), ...entries.flatMap(([name, value]) => [cborText(name), value]))
}

function head(major: number, value: number): Uint8Array {
  const initial = major << 5
  if (value < 24) return Uint8Array.of(initial | value)
  if (value < 2 ** 8) return Uint8Array.of(initial | 24, value)
  const bytes = value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8
  const view = new DataView(new ArrayBuffer(1 + bytes))
  view.setUint8(0, initial | (24 + Math.log2(bytes)))
  if (bytes === 2) view.setUint16(1, value)
  else if (bytes === 4) view.setUint32(1, value)
  else view.setBigUint64(1, BigInt(value))
  return new Uint8Array(view.buffer)
}
