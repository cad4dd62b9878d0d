import { digest, reportData, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { verifyReportData } from '../src/appraisal/binding.ts'
import type { ParsedDocument } from '../src/document/document.ts'

const document: ParsedDocument = {
  statement: utf8('{}'),
  nonce: new Uint8Array(32).fill(1),
  evidence: { format: 'tdx', bytes: new Uint8Array() },
}
const whole = await reportData(document.nonce, document.statement)
const hash = await digest('SHA-256', whole)
const mismatch = (expected: Uint8Array, actual: Uint8Array): unknown =>
  expect.objectContaining({
    code: 'REPORT_DATA_MISMATCH',
    details: { expected: toHex(expected), actual: toHex(actual) },
  })

describe('what evidence carries', () => {
  test('is the report data of the document, where there is room for 64 bytes', async () => {
    await expect(verifyReportData(document, { reportData: whole })).resolves.toBeUndefined()
    await expect(verifyReportData(document, { reportData: hash })).rejects.toEqual(mismatch(whole, hash))
  })
  test('is their SHA-256, where the format has room for no more', async () => {
    const carried = (bytes: Uint8Array) => ({ reportData: bytes, reportDataHash: 'SHA-256' as const })
    await expect(verifyReportData(document, carried(hash))).resolves.toBeUndefined()
    await expect(verifyReportData(document, carried(whole))).rejects.toEqual(mismatch(hash, whole))
  })
})
