import type { Receipt } from '../../packages/receipts/src/receipt.ts'

const COMMITMENT = { hmac: 'A'.repeat(43), bytes: 42 }
const COMMON = { statementSha256: 'ab'.repeat(32), sequence: 3, hostTime: 1_795_000_000 }
const MODEL = { sha256: '12'.repeat(32), kind: 'bundle' } as const

/** One receipt of each form. */
export const RECEIPTS: readonly Receipt[] = [
  { ...COMMON, operation: 'run', model: MODEL, task: 'text-classification', request: COMMITMENT, response: COMMITMENT },
  { ...COMMON, operation: 'run', model: { ...MODEL, kind: 'onnx' }, request: COMMITMENT, response: COMMITMENT },
  { ...COMMON, operation: 'upload', model: MODEL },
]
