/**
 * The variable-length integer of QUIC, minimal form: two bits of length, then 6, 14, 30 or 62 bits, big-endian.
 *
 * Source: RFC 9000 section 16. Reading is `ByteSource.varint`.
 *
 * @throws {RangeError} when the value is not a safe, non-negative integer.
 */
export function encodeVarint(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a variable-length integer: ${value}`)
  if (value < 0x40) return Uint8Array.of(value)
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >>> 8), value & 0xff)
  const bytes = new Uint8Array(value < 0x4000_0000 ? 4 : 8)
  const view = new DataView(bytes.buffer)
  if (bytes.byteLength === 4) view.setUint32(0, value)
  else view.setBigUint64(0, BigInt(value))
  bytes[0] = (bytes[0] ?? 0) | (bytes.byteLength === 4 ? 0x80 : 0xc0)
  return bytes
}
