import { createChannelSigner } from '@blindai/channel'
import { unixSeconds } from '@blindai/core'
import { RECEIPT_HEADER, verifyReceipt } from '@blindai/receipts'
import type { ApiResponse, Call } from '../packages/server/src/http/api.ts'
import { ReceiptDesk } from '../packages/server/src/http/receipt-desk.ts'
import { printPlace, printTable } from './lib/report.ts'
import { spread, spreadText } from './lib/statistics.ts'

/**
 * What a receipt costs the gatekeeper for a run, and whoever verifies it. One thread, no server.
 *
 *   node --conditions=source bench/receipts.ts
 */

const BLOCKS = 15
const TIMES = 200
const ANSWER_BYTES = 4096
const STATEMENT = 'ab'.repeat(32)
const MODEL = { sha256: 'cd'.repeat(32), kind: 'onnx' } as const

const signer = await createChannelSigner()
const desk = new ReceiptDesk({
  sign: (message) => signer.sign(message),
  statementSha256: STATEMENT,
  clock: () => unixSeconds(1_795_000_000),
})
const keys = { statementSha256: STATEMENT, receiptsKey: signer.publicJwk, notBefore: 0, notAfter: 2 ** 32 }

printPlace('Receipts')
const rows: string[][] = []
for (const [title, bytes] of [
  ['1 KB', 1024],
  ['600 KB', 600 * 1024],
] as const) {
  const request = new Uint8Array(bytes).fill(7)
  const response = { status: 200, headers: {}, body: [new Uint8Array(ANSWER_BYTES)] } satisfies ApiResponse
  rows.push([
    `issue, request of ${title}`,
    await timeUs(() => desk.forRun(asking(), response, { model: MODEL, request })),
  ])
}
const { headers } = await desk.forRun(
  asking(),
  { status: 200, headers: {}, body: [] },
  { model: MODEL, request: new Uint8Array() },
)
rows.push(['verify', await timeUs(() => verifyReceipt(headers[RECEIPT_HEADER] ?? '', keys, { operation: 'run' }))])
printTable(['work', 'µs, median (range)'], rows)

/** A call that asks for a receipt; nothing else of it is looked at. */
function asking(): Call {
  return Object.create({ request: { headers: { [RECEIPT_HEADER]: '1' } } })
}

async function timeUs(work: () => Promise<unknown>): Promise<string> {
  const blocks: number[] = []
  await work()
  for (let block = 0; block < BLOCKS; block++) {
    const started = performance.now()
    for (let i = 0; i < TIMES; i++) await work()
    blocks.push(((performance.now() - started) * 1000) / TIMES)
  }
  return spreadText(spread(blocks), 0)
}
