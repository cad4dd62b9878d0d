import type { Receipt } from './receipt.ts'
import { ReceiptError } from './receipt-error.ts'

/** Receipts that a log remembers unless told otherwise. */
const DEFAULT_CAPACITY = 1_000_000

/**
 * Counts verified receipts of one statement, each once. Whoever is billed by receipts, or proves by them how often a model
 * ran, must not count one twice.
 */
export class ReceiptLog {
  readonly #seen = new Set<number>()
  readonly #capacity: number
  #highest = 0

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity
  }

  /**
   * Takes a receipt that `verifyReceipt` returned.
   *
   * @throws {ReceiptError} `RECEIPT_SEQUENCE_REPLAYED`, `RECEIPT_LOG_FULL`.
   */
  add({ sequence }: Receipt): void {
    if (this.#seen.has(sequence)) throw new ReceiptError('RECEIPT_SEQUENCE_REPLAYED', { sequence })
    if (this.#seen.size >= this.#capacity) throw new ReceiptError('RECEIPT_LOG_FULL', { limit: this.#capacity })
    this.#seen.add(sequence)
    this.#highest = Math.max(this.#highest, sequence)
  }

  /** How many receipts the enclave has given, by their numbers, that this log has not seen. */
  get missing(): number {
    return this.#highest - this.#seen.size
  }
}
