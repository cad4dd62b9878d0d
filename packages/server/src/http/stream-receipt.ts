import { type BodyDigest, framed, RECEIPT_HEADER, type ReceiptModel } from '@blindai/receipts'
import { ApiError } from './api-error.ts'
import { BodyHash } from './body-hash.ts'

/** What the receipt of a run is of. */
export interface RunBodies {
  readonly model: ReceiptModel
  readonly task?: string
  readonly request: BodyDigest
  readonly response: BodyDigest
}

/** A message of a stream, in pieces. */
type Message = readonly Uint8Array[]

/**
 * What the receipt of a stream will say: one model, and all messages of either side, those that were refused included. It is
 * given with the end of a stream that ended well, so a stream that was cut has none.
 */
export class StreamReceipt {
  readonly #issue: (bodies: RunBodies) => Promise<Readonly<Record<string, string>>>
  readonly #requests = new BodyHash()
  readonly #responses = new BodyHash()
  #messages = 0
  #model: ReceiptModel | undefined

  /** @param issue - gives the receipt of what is known then, and its salt, as headers. */
  constructor(issue: (bodies: RunBodies) => Promise<Readonly<Record<string, string>>>) {
    this.#issue = issue
  }

  /** @throws {ApiError} `HEADER_INVALID` for another model than the one before: a receipt names one. */
  runs({ sha256, kind }: ReceiptModel): void {
    this.#model ??= { sha256, kind }
    if (this.#model.sha256 === sha256 && this.#model.kind === kind) return
    throw new ApiError('HEADER_INVALID', { header: RECEIPT_HEADER, expected: 'absent for a stream of several models' })
  }

  /** A request, and the answer that is sent to it. */
  add(request: Message, response: Message): void {
    this.#requests.add(framed(request))
    this.#responses.add(framed(response))
    this.#messages += 1
  }

  /** Metadata for the end of the stream; nothing where no model was asked. */
  async trailers(): Promise<Readonly<Record<string, string>>> {
    if (this.#model === undefined) return {}
    const messages = this.#messages
    const [request, response] = [this.#requests.digest(), this.#responses.digest()]
    return this.#issue({ model: this.#model, request: { ...request, messages }, response: { ...response, messages } })
  }
}
