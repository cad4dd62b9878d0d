import type { Duplex } from 'node:stream'
import { MalformedError } from '@blindai/core'
import {
  encodeFrameHeader,
  FRAME_HEADER_BYTES,
  type Frame,
  type FrameKind,
  type FrameLimits,
  parseFrameHeader,
} from '../wire/frame.ts'

/** A frame on its way in. Each part is read into a buffer of its announced, bounded size. */
interface Reception {
  readonly limits: FrameLimits
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: unknown) => void
  kind: FrameKind | undefined
  parts: Uint8Array[]
  part: number
  filled: number
}

/**
 * The gatekeeper's end of the channel. What comes in is hostile: a frame that nobody asked for, or one that is larger
 * than its receiver allows, ends the channel.
 */
export class EngineChannel {
  readonly #stream: Duplex
  readonly #onViolation: (error: unknown) => void
  #reception: Reception | undefined

  /** @param onViolation - called once when the engine does not keep to the protocol. */
  constructor(stream: Duplex, onViolation: (error: unknown) => void) {
    this.#stream = stream
    this.#onViolation = onViolation
    stream.on('data', (chunk: Uint8Array) => this.#take(chunk))
    // A channel that breaks is an engine that ended: the process tells why.
    stream.on('error', () => this.#stream.destroy())
  }

  /**
   * Sends a frame; what does not fit the socket's buffer follows by itself. The parts must not change until it is answered.
   *
   * Resolves when the engine's socket has taken all of it, and never when the engine ends before; the caller watches for that.
   * An answer before it ends nothing: this side's memory would fill with what engines answer and do not read.
   */
  send(kind: FrameKind, head: Uint8Array, parts: readonly Uint8Array[], bodyBytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const onTaken = (error: Error | null | undefined): void => {
      if (error === null || error === undefined) resolve()
    }
    const pieces = [encodeFrameHeader({ kind, headBytes: head.byteLength, bodyBytes }), head, ...parts]
    const filled = pieces.filter((piece) => piece.byteLength > 0)
    this.#stream.cork()
    for (const [index, piece] of filled.entries()) {
      this.#stream.write(piece, index === filled.length - 1 ? onTaken : undefined)
    }
    this.#stream.uncork()
    return promise
  }

  /** Writes some bytes of a body whose frame was announced; resolves when more may follow. False when the channel is gone. */
  async write(chunk: Uint8Array): Promise<boolean> {
    if (this.#stream.destroyed) return false
    if (this.#stream.write(chunk)) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stream.once('drain', resolve)
    this.#stream.once('close', resolve)
    await promise
    this.#stream.off('drain', resolve)
    this.#stream.off('close', resolve)
    return !this.#stream.destroyed
  }

  /** The next frame. Never resolves when the engine ends before it; the caller watches for that. */
  receive(limits: FrameLimits): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>()
    const header = new Uint8Array(FRAME_HEADER_BYTES)
    this.#reception = { limits, resolve, reject, kind: undefined, parts: [header], part: 0, filled: 0 }
    return promise
  }

  close(): void {
    this.#stream.destroy()
  }

  #take(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.byteLength) {
      const reception = this.#reception
      if (reception === undefined) {
        this.#violated(new MalformedError('TRAILING_BYTES', { field: 'frame', count: chunk.byteLength - at }))
        return
      }
      const target = reception.parts[reception.part] ?? new Uint8Array(0)
      const count = Math.min(target.byteLength - reception.filled, chunk.byteLength - at)
      target.set(chunk.subarray(at, at + count), reception.filled)
      reception.filled += count
      at += count
      if (reception.filled === target.byteLength && !this.#advance(reception, target)) return
    }
  }

  /** Goes on to the next part that is not empty, or ends the frame. False when the header is refused. */
  #advance(reception: Reception, complete: Uint8Array): boolean {
    if (reception.kind === undefined) {
      try {
        const header = parseFrameHeader(complete, reception.limits)
        reception.kind = header.kind
        // The body is overwritten whole before anybody sees it, so it need not be zeroed first.
        reception.parts = [complete, new Uint8Array(header.headBytes), unzeroed(header.bodyBytes)]
      } catch (error) {
        this.#violated(error)
        return false
      }
    }
    do reception.part++
    while (reception.parts[reception.part]?.byteLength === 0)
    reception.filled = 0
    const [, head, body] = reception.parts
    if (reception.part > 2 && head !== undefined && body !== undefined) {
      this.#reception = undefined
      reception.resolve({ kind: reception.kind, head, body })
    }
    return true
  }

  #violated(error: unknown): void {
    const reception = this.#reception
    this.#reception = undefined
    this.close()
    reception?.reject(error)
    this.#onViolation(error)
  }
}

function unzeroed(length: number): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.allocUnsafeSlow(length)
  return new Uint8Array(buffer, byteOffset, byteLength)
}
