import { parseReceipt, RECEIPT_HEADER } from '@blindai/receipts'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/http/api.ts'
import { bodyOfBytes } from '../../src/http/memory-body.ts'
import { ReceiptDesk } from '../../src/http/receipt-desk.ts'
import { NOW } from '../fixtures/house.ts'

const MODEL = { sha256: 'ab'.repeat(32), kind: 'onnx' } as const

/** A call that asks for a receipt. */
const CALL: Call = {
  request: {
    method: 'DELETE',
    path: '/v1/models/m',
    query: '',
    headers: { [RECEIPT_HEADER]: '1' },
    body: bodyOfBytes(new Uint8Array()),
    signal: new AbortController().signal,
    channel: { kind: 'plain' },
  },
  requestId: 'one',
  params: {},
  tenant: { name: 'alice', role: 'owner' },
  readBody: async () => new Uint8Array(),
  lease: {
    growBody: () => undefined,
    growAnswer: () => undefined,
    tryGrow: () => true,
    offer: () => undefined,
    keep: () => undefined,
    end: () => undefined,
  },
  confirm: () => ({ name: 'alice', role: 'owner' }),
  readmit: () => undefined,
}

/** A desk whose signatures a test gives or refuses, in the order in which they are asked for. */
function deskOf() {
  const asked: PromiseWithResolvers<Uint8Array>[] = []
  const sign = (): Promise<Uint8Array> => {
    const signing = Promise.withResolvers<Uint8Array>()
    asked.push(signing)
    return signing.promise
  }
  const desk = new ReceiptDesk({ sign, statementSha256: 'cd'.repeat(32), clock: () => NOW })
  const give = async (): Promise<number> => {
    const { headers } = await desk.forModel(CALL, { status: 204, headers: {}, body: [] }, 'delete', MODEL)
    return parseReceipt(headers[RECEIPT_HEADER] ?? '').receipt.sequence
  }
  const next = async (at: number): Promise<PromiseWithResolvers<Uint8Array>> => {
    await expect.poll(() => asked.length).toBe(at + 1)
    const signing = asked[at]
    if (signing === undefined) throw new RangeError('it was not asked for')
    return signing
  }
  return { give, next }
}

const SIGNATURE = new Uint8Array(64)

describe('the numbers of receipts', () => {
  test('have no gap where a signature failed, while others waited', async () => {
    const { give, next } = deskOf()
    const [first, second, third] = [give(), give(), give()]
    const failed = expect(second).rejects.toThrow('no signature')
    ;(await next(0)).resolve(SIGNATURE)
    ;(await next(1)).reject(new Error('no signature'))
    ;(await next(2)).resolve(SIGNATURE)
    await failed
    expect([await first, await third]).toEqual([1, 2])
  })

  test('are each one receipt’s, however many are asked for at once', async () => {
    const { give, next } = deskOf()
    const all = Array.from({ length: 5 }, give)
    for (let at = 0; at < 5; at++) (await next(at)).resolve(SIGNATURE)
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5])
  })
})
