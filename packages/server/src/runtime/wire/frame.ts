import { ByteReader, MalformedError } from '@blindai/core'

/**
 * Frames between the gatekeeper and an engine: a header of 16 bytes, a head, a body.
 *
 * | offset | bytes | field                                            |
 * | ------ | ----- | ------------------------------------------------ |
 * | 0      | 4     | kind, little-endian as all that follows          |
 * | 4      | 4     | bytes of the head: names, shapes, settings       |
 * | 8      | 8     | bytes of the body: tensors, models, files as is  |
 *
 * The gatekeeper speaks, the engine answers; there is never a second frame under way in either direction.
 */

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 16

const KIND_CODES = { load: 1, infer: 2, task: 3, ready: 101, tensors: 102, json: 103, failure: 104 } as const

/** `load`, `infer` and `task` go to the engine, the others come from it. */
export type FrameKind = keyof typeof KIND_CODES

/** What a frame announces. */
export interface FrameHeader {
  readonly kind: FrameKind
  readonly headBytes: number
  readonly bodyBytes: number
}

/** A whole frame. */
export interface Frame {
  readonly kind: FrameKind
  readonly head: Uint8Array
  readonly body: Uint8Array
}

/** What a receiver takes; more is refused before anything is allocated. */
export interface FrameLimits {
  readonly maxHeadBytes: number
  readonly maxBodyBytes: number
}

const KINDS: ReadonlyMap<number, FrameKind> = new Map(
  Object.entries(KIND_CODES).map(([kind, code]) => [code, kind as FrameKind]),
)

/** The header's bytes. */
export function encodeFrameHeader({ kind, headBytes, bodyBytes }: FrameHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, KIND_CODES[kind], true)
  view.setUint32(4, headBytes, true)
  view.setBigUint64(8, BigInt(bodyBytes), true)
  return bytes
}

/**
 * Parses a header.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `WRONG_VALUE` for an unknown kind, `TOO_LONG`.
 */
export function parseFrameHeader(bytes: Uint8Array, limits: FrameLimits): FrameHeader {
  const r = new ByteReader('frame header', bytes)
  const kind = KINDS.get(r.u32(0, 'kind'))
  const headBytes = r.u32(4, 'head')
  const bodyBytes = Number(r.u64(8, 'body'))
  r.end()
  if (kind === undefined) throw new MalformedError('WRONG_VALUE', { field: 'frame kind', expected: 'a known kind' })
  refuseLonger('frame head', headBytes, limits.maxHeadBytes)
  refuseLonger('frame body', bodyBytes, limits.maxBodyBytes)
  return { kind, headBytes, bodyBytes }
}

function refuseLonger(field: string, length: number, limit: number): void {
  if (length > limit) throw new MalformedError('TOO_LONG', { field, length, limit })
}
