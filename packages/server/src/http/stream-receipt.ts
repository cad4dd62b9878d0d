import { createHash, randomBytes } from 'node:crypto'
import { toBase64Url } from '@blindai/core'
import {
  type BodyDigest,
  commitTo,
  framed,
  RECEIPT_HEADER,
  RECEIPT_SALT_HEADER,
  type ReceiptFacts,
  type ReceiptModel,
  SALT_BYTES,
} from '@blindai/receipts'
import { ApiError } from './api-error.ts'

/** A message of a stream, in pieces. */
type Message = readonly Uint8Array[]

/**
 * What the receipt of a stream will say: one model, and all messages of either side, those that were refused included. It is
 * given with the end of a stream that ended well, so a stream that was cut has none.
 */
export class StreamReceipt {
  readonly #sign: (facts: ReceiptFacts) => Promise<string>
  readonly #requests = new StreamHash()
  readonly #responses = new StreamHash()
  #model: ReceiptModel | undefined

  /** @param sign - the receipt of what is known then. */
  constructor(sign: (facts: ReceiptFacts) => Promise<string>) {
    this.#sign = sign
  }

  /** @throws {ApiError} `HEADER_INVALID` for another model than the one before: a receipt names one. */
  runs({ sha256, kind }: ReceiptModel): void {
    this.#model ??= { sha256, kind }
    if (this.#model.sha256 === sha256 && this.#model.kind === kind) return
    throw new ApiError('HEADER_INVALID', { header: RECEIPT_HEADER, expected: 'absent for a stream of several models' })
  }

  /** A request, and the answer that is sent to it. */
  add(request: Message, response: Message): void {
    this.#requests.add(request)
    this.#responses.add(response)
  }

  /** Metadata for the end of the stream; nothing where no model was asked. */
  async trailers(): Promise<Readonly<Record<string, string>>> {
    if (this.#model === undefined) return {}
    const salt = randomBytes(SALT_BYTES)
    const receipt = await this.#sign({
      operation: 'run',
      model: this.#model,
      request: await commitTo('request', salt, this.#requests.digest()),
      response: await commitTo('response', salt, this.#responses.digest()),
    })
    return { [RECEIPT_HEADER]: receipt, [RECEIPT_SALT_HEADER]: toBase64Url(salt) }
  }
}

/** The digest of one direction, as its messages pass. */
class StreamHash {
  readonly #hash = createHash('sha256')
  #bytes = 0
  #messages = 0

  add(pieces: Message): void {
    for (const piece of framed(pieces)) {
      this.#hash.update(piece)
      this.#bytes += piece.byteLength
    }
    this.#messages += 1
  }

  digest(): BodyDigest {
    return { sha256: this.#hash.digest(), bytes: this.#bytes, messages: this.#messages }
  }
}
