import { fromBase64Url, isMalformedError, joinBytes } from '@blindai/core'
import {
  type BodyDigest,
  digestBody,
  isReceiptError,
  RECEIPT_HEADER,
  RECEIPT_SALT_HEADER,
  type Receipt,
  type ReceiptExpectation,
  verifyReceipt,
} from '@blindai/receipts'
import { BlindAiError } from './errors.ts'
import type { AnsweredBy } from './http-exchange.ts'
import type { ReadResponse } from './response.ts'

/** What asks for a receipt. */
export const ASKS_FOR_RECEIPT: readonly [string, string] = [RECEIPT_HEADER, '1']

/** A receipt that was verified when it came, with what shows it to somebody else later. */
export interface HeldReceipt {
  /** The signed text. */
  readonly token: string
  readonly receipt: Receipt
  /** The verification whose keys signed. */
  readonly statementSha256: string
  /** Of a run. Whoever has the salt can try what the bodies were; without it nobody can. */
  readonly salt?: Uint8Array
  /** Of a run: digests of the two bodies as they were on the wire. */
  readonly request?: BodyDigest
  readonly response?: BodyDigest
}

/** What the receipt has to be about. */
type Subject = Pick<ReceiptExpectation, 'operation' | 'modelSha256' | 'task'>

/**
 * The receipt of a run, verified against what was sent and what came back.
 *
 * @throws {BlindAiError} `RECEIPT_REFUSED`.
 */
export async function receiptOfRun(
  answer: ReadResponse & AnsweredBy,
  sent: readonly Uint8Array[],
  subject: Omit<Subject, 'operation'>,
): Promise<HeldReceipt> {
  const bodies = { request: await digestBody(joinBytes(sent)), response: await digestBody(answer.body) }
  const salt = saltOf(answer)
  const expected = { ...subject, operation: 'run', salt, ...bodies } as const
  return { ...(await verified(answer, expected)), salt, ...bodies }
}

/** The receipt of an upload or a deletion. @throws {BlindAiError} `RECEIPT_REFUSED`. */
export async function receiptOfModel(
  answer: ReadResponse & AnsweredBy,
  operation: 'upload' | 'delete',
  modelSha256: string,
): Promise<HeldReceipt> {
  return verified(answer, { operation, modelSha256 })
}

async function verified(
  { headers, result }: ReadResponse & AnsweredBy,
  expected: ReceiptExpectation,
): Promise<Pick<HeldReceipt, 'token' | 'receipt' | 'statementSha256'>> {
  const token = headers.get(RECEIPT_HEADER)
  if (token === null) throw new BlindAiError('RECEIPT_REFUSED', { reason: 'RECEIPT_MISSING' })
  try {
    const receipt = await verifyReceipt(token, result.channel, expected)
    return { token, receipt, statementSha256: result.channel.statementSha256 }
  } catch (cause) {
    if (!isReceiptError(cause)) throw cause
    throw new BlindAiError('RECEIPT_REFUSED', { reason: cause.code }, { cause })
  }
}

function saltOf({ headers }: ReadResponse): Uint8Array {
  try {
    const salt = fromBase64Url('salt', headers.get(RECEIPT_SALT_HEADER) ?? '')
    if (salt.byteLength === 32) return salt
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
  }
  throw new BlindAiError('RECEIPT_REFUSED', { reason: 'RECEIPT_SALT_MISSING' })
}
