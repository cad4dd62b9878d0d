import { encodeClaims, parseClaims } from '../../packages/receipts/src/claims.ts'
import type { Receipt } from '../../packages/receipts/src/receipt.ts'
import { RECEIPTS } from '../engine/receipts.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

export const target: FuzzTarget<Receipt> = {
  sources: ['packages/receipts/src/claims.ts'],
  seeds: [written(...RECEIPTS.map(encodeClaims))],
  isText: true,
  parse: parseClaims,
  write: encodeClaims,
  refuses: { ReceiptError: ['RECEIPT_FORM_INVALID'] },
}
