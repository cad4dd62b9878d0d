import type { EncodedBody } from '@blindai/protocol'

/** How targets with several messages tell them apart: a byte for the kind, two for the length of the JSON part. */
const HEAD_BYTES = 3

/** An input for `split`; without binary data the whole body is JSON. */
export function framed(kind: number, json: string, binary?: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(json)
  const length = binary === undefined ? 0 : text.byteLength
  return Uint8Array.of(kind, length >> 8, length & 0xff, ...text, ...(binary ?? []))
}

/** Kind 0 or 1, and the body with the length of its JSON part where it has another. */
export function split(bytes: Uint8Array): {
  readonly kind: number
  readonly headerLength: number | undefined
  readonly body: Uint8Array
} {
  const [kind = 0, high = 0, low = 0] = bytes
  const length = (high << 8) | low
  return { kind: kind % 2, headerLength: length === 0 ? undefined : length, body: bytes.subarray(HEAD_BYTES) }
}

/** A body that was encoded, framed like the inputs; undefined where its JSON is too long for the frame. */
export function encoded(kind: number, body: EncodedBody): Uint8Array | undefined {
  const length = body.headerLength ?? 0
  if (length > 0xffff) return undefined
  return new Uint8Array(Buffer.concat([Uint8Array.of(kind, length >> 8, length & 0xff), ...body.parts]))
}

/** A body that is JSON alone, framed like the inputs. */
export function jsonAlone(kind: number, json: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([Uint8Array.of(kind, 0, 0), json]))
}

/** True when there is a -0 anywhere in the value. */
export function hasNegativeZero(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return false
  return typeof value === 'object' && value !== null ? Object.values(value).some(hasNegativeZero) : Object.is(value, -0)
}
