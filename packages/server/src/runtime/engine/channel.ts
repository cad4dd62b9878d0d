import { readSync, writevSync } from 'node:fs'
import {
  encodeFrameHeader,
  FRAME_HEADER_BYTES,
  type Frame,
  type FrameHeader,
  type FrameKind,
  type FrameLimits,
  parseFrameHeader,
} from '../wire/frame.ts'
import { asFailure } from './failure.ts'

/** Bodies up to this size share one buffer; larger ones get their own, which is gone after the run. */
const SHARED_BODY_BYTES = 16 * 1024 * 1024

/** What an engine takes. The gatekeeper has checked sizes by then; the heads are bounded all the same. */
const LIMITS: FrameLimits = { maxHeadBytes: 64 * 1024 * 1024, maxBodyBytes: Number.MAX_SAFE_INTEGER }

/**
 * The engine's end of the channel. It reads and writes synchronously: an engine does one thing at a time, and the event
 * loop would only add latency.
 */
export class Channel {
  readonly #descriptor: number
  #shared: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /**
   * The next frame, or undefined when the gatekeeper has gone. Its body is valid until the next call.
   *
   * @throws {Failure} `MODEL_NEEDS_MORE_MEMORY` when there is no room for the body, which is passed over.
   */
  receive(): Frame | undefined {
    const headerBytes = new Uint8Array(FRAME_HEADER_BYTES)
    if (!this.#fill(headerBytes)) return undefined
    const header = parseFrameHeader(headerBytes, LIMITS)
    const head = new Uint8Array(header.headBytes)
    if (!this.#fill(head)) return undefined
    const body = this.#bodyBuffer(header)
    return this.#fill(body) ? { kind: header.kind, head, body } : undefined
  }

  /** Sends a frame whole. */
  send(kind: FrameKind, head: Uint8Array, parts: readonly Uint8Array[]): void {
    let bodyBytes = 0
    for (const part of parts) bodyBytes += part.byteLength
    let left: Uint8Array[] = [encodeFrameHeader({ kind, headBytes: head.byteLength, bodyBytes }), head, ...parts]
    while (left.length > 0) left = after(left, writevSync(this.#descriptor, left))
  }

  #bodyBuffer({ kind, bodyBytes }: FrameHeader): Uint8Array<ArrayBuffer> {
    if (kind === 'load' || bodyBytes > SHARED_BODY_BYTES) return this.#ownBuffer(bodyBytes)
    if (this.#shared.byteLength < bodyBytes) this.#shared = new Uint8Array(2 ** Math.ceil(Math.log2(bodyBytes)))
    return this.#shared.subarray(0, bodyBytes)
  }

  #ownBuffer(length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length)
    } catch (error) {
      const skipped = new Uint8Array(65_536)
      for (let left = length; left > 0; left -= skipped.byteLength) this.#fill(skipped.subarray(0, left))
      throw asFailure(error, 'RUN_FAILED', 'internal')
    }
  }

  #fill(buffer: Uint8Array): boolean {
    let filled = 0
    while (filled < buffer.byteLength) {
      const count = readSync(this.#descriptor, buffer, filled, Math.min(buffer.byteLength - filled, 0x4000_0000), null)
      if (count === 0) return false
      filled += count
    }
    return true
  }
}

/** What is left of `parts` after `written` bytes. */
function after(parts: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written
  const left: Uint8Array[] = []
  for (const part of parts) {
    if (skip < part.byteLength) left.push(part.subarray(skip))
    skip = Math.max(0, skip - part.byteLength)
  }
  return left
}
