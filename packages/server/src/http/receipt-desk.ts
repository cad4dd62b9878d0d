import { randomBytes } from 'node:crypto'
import { toBase64Url, type UnixSeconds } from '@blindai/core'
import {
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
import { BodyHash } from './body-hash.ts'
import { header } from './request-fields.ts'
import { type RunBodies, StreamReceipt } from './stream-receipt.ts'

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
    const bodies = {
      request: new BodyHash().add([request]).digest(),
      response: new BodyHash().add(response.body).digest(),
    }
    const receipt = await this.#ofRun({ model, ...(task !== undefined && { task }), ...bodies })
    return { ...response, headers: { ...response.headers, ...receipt } }
  }

  /** The answer of an upload or a deletion that is done. @throws {ApiError} `HEADER_INVALID`. */
  async forModel(
    call: Call,
    response: ApiResponse,
    operation: Exclude<ReceiptOperation, 'run'>,
    model: ReceiptModel,
  ): Promise<ApiResponse> {
    if (!isAsked(call)) return response
    const receipt = await this.#inTurn({ operation, model: modelOf(model) })
    return { ...response, headers: { ...response.headers, [RECEIPT_HEADER]: receipt } }
  }

  /** For a stream whose end is to carry a receipt; undefined where none was asked for. @throws {ApiError} `HEADER_INVALID`. */
  forStream(call: Call): StreamReceipt | undefined {
    return isAsked(call) ? new StreamReceipt((bodies) => this.#ofRun(bodies)) : undefined
  }

  async #ofRun({ model, task, request, response }: RunBodies): Promise<Readonly<Record<string, string>>> {
    const salt = randomBytes(SALT_BYTES)
    const receipt = await this.#inTurn({
      operation: 'run',
      model: modelOf(model),
      ...(task !== undefined && { task }),
      request: await commitTo('request', salt, request),
      response: await commitTo('response', salt, response),
    })
    return { [RECEIPT_HEADER]: receipt, [RECEIPT_SALT_HEADER]: toBase64Url(salt) }
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

function ignore(): void {
  // Whoever asked for that receipt is told why there is none.
}
