import { type Ed25519Jwk, fromBase64Url } from '@blindai/core'
import { type BodyDigest, type BodyRole, isCommitmentTo } from './commitment.ts'
import type { BodyCommitment, Receipt, ReceiptOperation } from './receipt.ts'
import { ReceiptError } from './receipt-error.ts'
import { parseReceipt } from './token.ts'

/** Whose receipts are believed: from an affirming attestation result, and from nowhere else. */
export interface ReceiptKeys {
  /** Lower-case hex. */
  readonly statementSha256: string
  readonly receiptsKey: Ed25519Jwk
  /** Unix seconds, both inclusive. */
  readonly notBefore: number
  readonly notAfter: number
}

/** What the receipt is to show besides its signature. What is left out is not looked at. */
export interface ReceiptExpectation {
  readonly operation?: ReceiptOperation
  /** Lower-case hex SHA-256. */
  readonly modelSha256?: string
  readonly task?: string
  /** 32 bytes; needed to compare a body. */
  readonly salt?: Uint8Array
  readonly request?: BodyDigest
  readonly response?: BodyDigest
}

/**
 * Verifies a receipt offline: form, statement, signature, time within the keyset, and what is expected of it.
 *
 * The time is the host's word: a host with a wrong clock gives wrong times, within the life of the keys.
 *
 * @throws {ReceiptError} each of its codes but `RECEIPT_STREAM_INVALID`, `RECEIPT_SEQUENCE_REPLAYED` and `RECEIPT_LOG_FULL`; {RangeError} for a salt or
 * digest that is not 32 bytes.
 */
export async function verifyReceipt(
  token: string,
  keys: ReceiptKeys,
  expected: ReceiptExpectation = {},
): Promise<Receipt> {
  const { receipt, signed, signature } = parseReceipt(token)
  if (receipt.statementSha256 !== keys.statementSha256) {
    const facts = { expected: keys.statementSha256, actual: receipt.statementSha256 }
    throw new ReceiptError('RECEIPT_OTHER_STATEMENT', facts)
  }
  if (!(await isSignedBy(keys.receiptsKey, signature, signed))) {
    throw new ReceiptError('RECEIPT_SIGNATURE_INVALID', { statementSha256: keys.statementSha256 })
  }
  checkTime(receipt, keys)
  checkSubject(receipt, expected)
  await checkBody('request', receipt.request, expected.request, expected.salt)
  await checkBody('response', receipt.response, expected.response, expected.salt)
  return receipt
}

async function isSignedBy(jwk: Ed25519Jwk, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  const raw = fromBase64Url('receipts key x', jwk.x)
  const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
}

function checkTime({ hostTime }: Receipt, { notBefore, notAfter }: ReceiptKeys): void {
  if (hostTime < notBefore) throw new ReceiptError('RECEIPT_BEFORE_KEYSET', { hostTime, notBefore })
  if (hostTime > notAfter) throw new ReceiptError('RECEIPT_AFTER_KEYSET', { hostTime, notAfter })
}

function checkSubject(receipt: Receipt, { operation, modelSha256, task }: ReceiptExpectation): void {
  if (operation !== undefined && receipt.operation !== operation) {
    throw new ReceiptError('RECEIPT_OTHER_OPERATION', { expected: operation, actual: receipt.operation })
  }
  if (modelSha256 !== undefined && receipt.model.sha256 !== modelSha256) {
    throw new ReceiptError('RECEIPT_OTHER_MODEL', { expected: modelSha256, actual: receipt.model.sha256 })
  }
  if (task !== undefined && receipt.task !== task) {
    throw new ReceiptError('RECEIPT_OTHER_TASK', { expected: task, actual: receipt.task ?? '(tensors)' })
  }
}

async function checkBody(
  role: BodyRole,
  commitment: BodyCommitment | undefined,
  body: BodyDigest | undefined,
  salt: Uint8Array | undefined,
): Promise<void> {
  if (body === undefined) return
  if (commitment === undefined) throw new ReceiptError('RECEIPT_BODY_NOT_COVERED', { body: role })
  if (salt === undefined) throw new ReceiptError('RECEIPT_SALT_MISSING', { body: role })
  const { bytes, messages } = body
  if (commitment.messages !== messages) {
    const facts = { expected: commitment.messages, actual: messages }
    throw new ReceiptError('RECEIPT_MESSAGES_MISMATCH', { body: role, ...facts })
  }
  if (commitment.bytes !== bytes) {
    throw new ReceiptError('RECEIPT_BODY_LENGTH_MISMATCH', { body: role, expected: commitment.bytes, actual: bytes })
  }
  if (await isCommitmentTo(commitment, role, salt, body)) return
  throw new ReceiptError(role === 'request' ? 'RECEIPT_REQUEST_MISMATCH' : 'RECEIPT_RESPONSE_MISMATCH', { bytes })
}
