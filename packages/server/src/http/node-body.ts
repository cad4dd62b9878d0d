import type { ApiBody } from './api.ts'
import { ApiError } from './api-error.ts'
import { cut, type NodeRequest, type NodeResponse } from './exchange.ts'
import type { SlowWatch } from './slow-watch.ts'

/**
 * A body that comes over a connection.
 *
 * Whoever expects `100 Continue` is told so when the body is first wanted, so a refusal comes before it is sent.
 */
export class NodeBody implements ApiBody {
  readonly length: number | undefined
  readonly #request: NodeRequest
  readonly #response: NodeResponse
  readonly #slow: SlowWatch
  #reading: AsyncGenerator<Uint8Array> | undefined
  #isWithheld: boolean

  constructor(request: NodeRequest, response: NodeResponse, slow: SlowWatch) {
    const announced = request.headers['content-length']
    this.length = announced === undefined ? undefined : Number(announced)
    this.#request = request
    this.#response = response
    this.#slow = slow
    this.#isWithheld = request.headers.expect !== undefined
  }

  /** True while the client waits to be told that its body is wanted. */
  get isWithheld(): boolean {
    return this.#isWithheld
  }

  collect(limitBytes: number, onGrow: (bytes: number) => void): Promise<Uint8Array> {
    const { length } = this
    const request = this.#request
    return new Promise((resolve, reject) => {
      const gathered = new GatheredBytes(length)
      const transfer = this.#slow.begin('spent', () =>
        fail(new ApiError('BODY_TOO_SLOW', { received: gathered.received })),
      )
      const end = (): void => {
        transfer.done()
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      }
      const fail = (error: unknown): void => {
        end()
        request.pause()
        reject(error)
      }
      const onData = (chunk: Buffer): void => {
        transfer.moved(chunk.byteLength)
        if (gathered.received + chunk.byteLength > limitBytes) {
          fail(new ApiError('BODY_TOO_LARGE', { limit: limitBytes }))
          return
        }
        try {
          if (length === undefined) onGrow(chunk.byteLength)
        } catch (error) {
          fail(error)
          return
        }
        gathered.add(chunk)
      }
      const onEnd = (): void => {
        if (this.#isCutShort(gathered.received)) {
          onClose()
          return
        }
        try {
          onGrow(gathered.copiedBytes)
        } catch (error) {
          fail(error)
          return
        }
        end()
        resolve(gathered.bytes())
      }
      const onClose = (): void => fail(new ApiError('BODY_TRUNCATED', { received: gathered.received }))
      try {
        if (length !== undefined && length > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
        if (length !== undefined) onGrow(length)
        this.#continue()
        request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
        if (request.readableEnded) onEnd()
        else if (request.destroyed) onClose()
      } catch (error) {
        fail(error)
      }
    })
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    this.#reading = this.#pieces()
    return this.#reading
  }

  /** Ends a reading that its reader gave up halfway: nobody is slow any more, and the rest can be discarded. */
  release(): void {
    // Nobody waits for what the reading would still have thrown.
    this.#reading?.return(undefined).catch(() => undefined)
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#continue()
    const request = this.#request
    let received = 0
    let isSlow = false
    const transfer = this.#slow.begin('spent', () => {
      isSlow = true
      cut(request)
    })
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError('a body came as text')
        received += chunk.byteLength
        transfer.moved(chunk.byteLength)
        yield chunk
      }
    } catch (cause) {
      throw new ApiError(isSlow ? 'BODY_TOO_SLOW' : 'BODY_TRUNCATED', { received }, { cause })
    } finally {
      transfer.done()
    }
    if (this.#isCutShort(received)) throw new ApiError(isSlow ? 'BODY_TOO_SLOW' : 'BODY_TRUNCATED', { received })
  }

  /** Over h2 a broken stream ends like a whole one. */
  #isCutShort(received: number): boolean {
    return this.#request.aborted || (this.length !== undefined && received !== this.length)
  }

  #continue(): void {
    if (!this.#isWithheld) return
    this.#isWithheld = false
    this.#response.writeContinue()
  }
}

/** Chunks on their way to one piece; a single chunk is used as it is. */
class GatheredBytes {
  readonly #length: number | undefined
  readonly #chunks: Uint8Array[] = []
  #whole: Uint8Array | undefined
  #received = 0

  constructor(length: number | undefined) {
    this.#length = length
  }

  get received(): number {
    return this.#received
  }

  /** What `bytes` holds beside the chunks. */
  get copiedBytes(): number {
    return this.#chunks.length > 1 ? this.#received : 0
  }

  add(chunk: Buffer): void {
    if (this.#length === undefined || chunk.byteLength === this.#length) {
      this.#chunks.push(chunk)
    } else {
      this.#whole ??= new Uint8Array(Buffer.allocUnsafeSlow(this.#length).buffer)
      this.#whole.set(chunk, this.#received)
    }
    this.#received += chunk.byteLength
  }

  bytes(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#received)
    const [first, ...others] = this.#chunks
    if (first !== undefined && others.length === 0) return first
    return Buffer.concat(this.#chunks)
  }
}
