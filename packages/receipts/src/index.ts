export { type BodyDigest, type BodyRole, commitTo, digestBody, SALT_BYTES } from './commitment.ts'
export { RECEIPT_HEADER, RECEIPT_SALT_HEADER } from './headers.ts'
export {
  type BodyCommitment,
  RECEIPT_PROFILE,
  type Receipt,
  type ReceiptFacts,
  type ReceiptModel,
  type ReceiptOperation,
} from './receipt.ts'
export {
  type AnyReceiptError,
  isReceiptError,
  RECEIPT_CATALOGUE,
  ReceiptError,
  type ReceiptErrorDetails,
} from './receipt-error.ts'
export { ReceiptLog } from './receipt-log.ts'
export { digestStream, digestStreamBody, framed } from './stream.ts'
export { MAX_TOKEN, type ParsedToken, parseReceipt, signReceipt } from './token.ts'
export { type ReceiptExpectation, type ReceiptKeys, verifyReceipt } from './verify.ts'
