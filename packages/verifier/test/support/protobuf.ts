/** One field of a protocol buffer message: a number, or bytes. */
export interface ProtobufField {
  readonly number: number
  readonly value: number | Uint8Array
}

/** The fields of a message, in order; wire types 0 and 2, which are all that the captures use. */
export function protobufFields(bytes: Uint8Array): readonly ProtobufField[] {
  const fields: ProtobufField[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.byteLength) {
    const tag = varint()
    const [number, wireType] = [Math.floor(tag / 8), tag % 8]
    if (wireType === 0) fields.push({ number, value: varint() })
    else if (wireType === 2) {
      const length = varint()
      fields.push({ number, value: bytes.subarray(at, at + length) })
      at += length
    } else throw new Error(`a field of the wire type ${wireType}`)
  }
  return fields
}

/** The bytes of each field of that number. */
export function protobufBytes(fields: readonly ProtobufField[], number: number): readonly Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.value instanceof Uint8Array ? [field.value] : []))
}

/** The number in the first field of that number; 0 when there is none, as an encoder leaves it out. */
export function protobufNumber(fields: readonly ProtobufField[], number: number): number {
  const field = fields.find((one) => one.number === number)
  return typeof field?.value === 'number' ? field.value : 0
}
