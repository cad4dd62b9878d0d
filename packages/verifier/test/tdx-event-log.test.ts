import { concatBytes, type JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseEventLog } from '../src/formats/event-log/event-log.ts'
import { type EvidenceResult, parsePolicy, verifyEvidence } from '../src/index.ts'
import { capture } from './support/captures.ts'
import { logFile } from './support/event-logs.ts'

const { quote, endorsements, now, policy: wanted } = capture('GCP with zero padding')
const log = logFile('attestation/event-logs/cos113-ccel-data.bin')
const policy = parsePolicy(wanted)

async function judge(log: Uint8Array | undefined): Promise<EvidenceResult> {
  return verifyEvidence({ format: 'tdx', bytes: quote, endorsements, ...(log && { log }) }, policy, { now })
}

const logCheck = ({ checks }: EvidenceResult): unknown => checks.find(({ code }) => code === 'tdx.event-log')?.status

/** Where the first event stands: after 32 bytes of the first structure and 33 of the header in it. */
const FIRST = 65
/** Of an event: register, type, the number of its digests, an algorithm; the digest follows. */
const DIGEST = FIRST + 14
const changed = (at: number, value: number): Uint8Array => log.map((byte, i) => (i === at ? value : byte))

describe('the quote of a trust domain with its event log', () => {
  test('is proved, and tells which registers the log explains', async () => {
    const result = await judge(log)
    expect(logCheck(result)).toBe('passed')
    expect(result.status).toBe('warning')
    expect(result.claims).toMatchObject({ eventLog: { events: 43, registers: ['rtmr0', 'rtmr1', 'rtmr2'] } })
  })
  test('is proved without the padding that fills the area of the log', async () => {
    const { paddingBytes } = parseEventLog(log, 'cc')
    expect(logCheck(await judge(log.slice(0, log.byteLength - paddingBytes)))).toBe('passed')
  })
  test('is proved without its log, and the check is skipped', async () => {
    const result = await judge(undefined)
    expect(logCheck(result)).toBe('skipped')
    expect(result.status).toBe('warning')
    expect(result.claims).not.toHaveProperty('eventLog')
  })
})

/** A header that names SHA-256 alone, and one event. */
const otherBank = logFile('attestation/event-logs/goattest-crypto_agile_eventlog.bin').slice(0, 142)

const refusals: readonly (readonly [why: string, log: Uint8Array, code: string, details?: JsonObject])[] = [
  ['the log of another trust domain', logFile('measure/ccel.bin'), 'EVENT_LOG_MISMATCH', { register: 'rtmr0' }],
  ['one bit of a digest changed', changed(DIGEST, (log[DIGEST] ?? 0) ^ 1), 'EVENT_LOG_MISMATCH', { register: 'rtmr0' }],
  ['an event moved to RTMR1', changed(FIRST, 2), 'EVENT_LOG_MISMATCH', { register: 'rtmr0' }],
  ['an event moved to MRTD', changed(FIRST, 0), 'EVENT_LOG_MISMATCH', { register: 'mrTd' }],
  ['an event moved to RTMR3', changed(FIRST, 4), 'EVENT_LOG_MISMATCH', { register: 'rtmr0' }],
  ['an event only noted', changed(FIRST + 4, 3).map((byte, i) => (i === FIRST + 7 ? 0 : byte)), 'EVENT_LOG_MISMATCH'],
  [
    'an event of a register that there is not',
    changed(FIRST, 5),
    'EVENT_LOG_REGISTER_UNKNOWN',
    { event: 0, register: 5 },
  ],
  ['the header alone', log.slice(0, FIRST), 'EVENT_LOG_EMPTY'],
  ['no byte', new Uint8Array(), 'TRUNCATED'],
  ['the log of a TPM', logFile('measure/tpm_eventlog.bin'), 'EVENT_LOG_REGISTER_UNKNOWN', { register: 7 }],
  ['a log of another bank', otherBank, 'EVENT_LOG_BANK_MISSING', { bank: 'sha384', banks: ['sha256'] }],
  ['something in the padding', changed(log.byteLength - 1, 0), 'TRAILING_BYTES'],
  ['a second log after it', concatBytes(log, log), 'TRAILING_BYTES'],
]

describe('the quote of a trust domain is refused for its log', () => {
  for (const [why, wrong, code, details] of refusals) {
    test(`${code}: ${why}`, async () => {
      expect(logCheck(await judge(log))).toBe('passed')
      expect(await judge(wrong)).toMatchObject({
        status: 'none',
        failed: { code: 'tdx.event-log', error: { code, ...(details && { details }) } },
      })
    })
  }
})
