/**
 * What an enclave says of one thing that it did.
 *
 * A receipt is worth what the evidence behind its statement is worth: it shows that the enclave of that statement did this,
 * not that the answer is good, that the host's clock was right, or that nothing else was done.
 */

/** The profile of the claims. Source: RFC 9711 section 4.3.2. */
export const RECEIPT_PROFILE = 'tag:blindai.invalid,2026:receipt:1'

/** What was done. */
export type ReceiptOperation = 'run' | 'upload' | 'delete'

/** What a model is, by the SHA-256 of the bytes that were uploaded, in lower-case hex. */
export interface ReceiptModel {
  readonly sha256: string
  readonly kind: 'onnx' | 'bundle'
}

/** A body, without a word of it. */
export interface BodyCommitment {
  /** base64url of HMAC-SHA-256 under the receipt's salt; see `commitTo`. */
  readonly hmac: string
  readonly bytes: number
}

/** The claims of a receipt. */
export interface Receipt {
  /** Lower-case hex SHA-256 of the statement whose keyset signs. */
  readonly statementSha256: string
  /** From 1 on in each boot; the next receipt has the next number. */
  readonly sequence: number
  /** Unix seconds by the clock of the host, which nobody vouches for; up to the year 9999. */
  readonly hostTime: number
  readonly operation: ReceiptOperation
  readonly model: ReceiptModel
  /** Of a run: the task, when the call named one; tensors otherwise. */
  readonly task?: string
  /** Of a run: the bytes of the request's body, with its inputs and options. */
  readonly request?: BodyCommitment
  /** Of a run: the bytes of the answer's body. */
  readonly response?: BodyCommitment
}

/** The claims that an issuer does not add itself. */
export type ReceiptFacts = Omit<Receipt, 'statementSha256' | 'sequence' | 'hostTime'>
