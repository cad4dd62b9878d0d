import { fromUtf8, toBase64Url, utf8 } from '@blindai/core'
import { type ParsedToken, parseReceipt, signReceipt } from '../../packages/receipts/src/token.ts'
import { RECEIPTS } from '../engine/receipts.ts'
import { TEXT } from '../engine/refusals.ts'
import { written } from '../engine/seeds.ts'
import { type FuzzTarget, joinRefusals } from '../engine/target.ts'

const SIGNATURE = new Uint8Array(64)

export const target: FuzzTarget<ParsedToken> = {
  sources: ['packages/receipts/src/token.ts', 'packages/receipts/src/claims.ts'],
  seeds: [written(...(await Promise.all(RECEIPTS.map((receipt) => signReceipt(receipt, async () => SIGNATURE)))))],
  isText: true,
  parse: (bytes) => parseReceipt(fromUtf8('fuzz', bytes)),
  write: ({ signed, signature }) => utf8(`${fromUtf8('signed', signed)}.${toBase64Url(signature)}`),
  refuses: joinRefusals(TEXT, { ReceiptError: ['RECEIPT_FORM_INVALID', 'RECEIPT_HEADER_UNSUPPORTED'] }),
}
