import { createHash, randomBytes } from 'node:crypto'
import { toBase64Url, type UnixSeconds } from '@blindai/core'
import {
  type BodyDigest,
  commitTo,
  RECEIPT_HEADER,
  RECEIPT_SALT_HEADER,
  type ReceiptFacts,
  type ReceiptModel,
  type ReceiptOperation,
  SALT_BYTES,
  signReceipt,
} from '@blindai/receipts'
import type { ApiResponse, Call } from './api.ts'
import { ApiError } from './api-error.ts'
import { header } from './request-fields.ts'
import { StreamReceipt } from './stream-receipt.ts'

/** What receipts are signed with, and what they name. */
export interface ReceiptDeskOptions {
  /** Ed25519 by the key `keyset.receipts`. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
  /** Lower-case hex. */
  readonly statementSha256: string
  readonly clock: () => UnixSeconds
}

/** An answer whose body is at hand. */
interface WholeResponse extends ApiResponse {
  readonly body: readonly Uint8Array[]
}

/** A run, as far as its receipt goes. */
interface RunFacts {
  readonly model: ReceiptModel
  readonly task?: string
  readonly request: Uint8Array
}

/**
 * Gives a signed receipt to each caller who asks for one, in headers of the answer. It keeps nothing: the receipt and its salt
 * are the caller's alone. Numbers count the signed receipts of this boot, without a gap: whoever misses one among those that it
 * collects knows that there is one, and a signature that failed must not look like that. So one is signed after the other, and a
 * number is used up by a signature alone. A receipt that its caller never got, with an answer that was lost on the way, is still
 * counted: it was given.
 */
export class ReceiptDesk {
  readonly #options: ReceiptDeskOptions
  #sequence = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ReceiptDeskOptions) {
    this.#options = options
  }

  /** The answer of a run, with its receipt when one was asked for. @throws {ApiError} `HEADER_INVALID`. */
  async forRun(call: Call, response: WholeResponse, { model, task, request }: RunFacts): Promise<ApiResponse> {
    if (!isAsked(call)) return response
    const salt = randomBytes(SALT_BYTES)
    const facts: ReceiptFacts = {
      operation: 'run',
      model: modelOf(model),
      ...(task !== undefined && { task }),
      request: await commitTo('request', salt, digestOf([request])),
      response: await commitTo('response', salt, digestOf(response.body)),
    }
    const headers = { ...response.headers, [RECEIPT_SALT_HEADER]: toBase64Url(salt) }
    return this.#withReceipt({ ...response, headers }, facts)
  }

  /** The answer of an upload or a deletion that is done. @throws {ApiError} `HEADER_INVALID`. */
  async forModel(
    call: Call,
    response: ApiResponse,
    operation: Exclude<ReceiptOperation, 'run'>,
    model: ReceiptModel,
  ): Promise<ApiResponse> {
    return isAsked(call) ? this.#withReceipt(response, { operation, model: modelOf(model) }) : response
  }

  /** For a stream whose end is to carry a receipt; undefined where none was asked for. @throws {ApiError} `HEADER_INVALID`. */
  forStream(call: Call): StreamReceipt | undefined {
    return isAsked(call) ? new StreamReceipt((facts) => this.#inTurn(facts)) : undefined
  }

  async #withReceipt(response: ApiResponse, facts: ReceiptFacts): Promise<ApiResponse> {
    return { ...response, headers: { ...response.headers, [RECEIPT_HEADER]: await this.#inTurn(facts) } }
  }

  #inTurn(facts: ReceiptFacts): Promise<string> {
    const signing = this.#turn.then(() => this.#sign(facts))
    this.#turn = signing.catch(ignore)
    return signing
  }

  async #sign(facts: ReceiptFacts): Promise<string> {
    const { sign, statementSha256, clock } = this.#options
    const sequence = this.#sequence + 1
    const receipt = await signReceipt({ statementSha256, sequence, hostTime: clock(), ...facts }, sign)
    this.#sequence = sequence
    return receipt
  }
}

/** Refuses a value that asks for nothing known, before anything is done. @throws {ApiError} `HEADER_INVALID`. */
export function isAsked({ request }: Call): boolean {
  const asked = header(request.headers, RECEIPT_HEADER)
  if (asked === undefined) return false
  if (asked !== '1') throw new ApiError('HEADER_INVALID', { header: RECEIPT_HEADER, expected: '1' })
  return true
}

function modelOf({ sha256, kind }: ReceiptModel): ReceiptModel {
  return { sha256, kind }
}

function digestOf(pieces: readonly Uint8Array[]): BodyDigest {
  const hash = createHash('sha256')
  let bytes = 0
  for (const piece of pieces) {
    hash.update(piece)
    bytes += piece.byteLength
  }
  return { sha256: hash.digest(), bytes }
}

function ignore(): void {
  // Whoever asked for that receipt is told why there is none.
}
