import { concatBytes, digest, fromHex, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../src/appraisal/check-codes.ts'
import { CheckList } from '../src/appraisal/check-list.ts'
import { evidenceChecks } from '../src/appraisal/check-plans.ts'
import { parseDcapEndorsements } from '../src/dcap/endorsements.ts'
import { provePlatform } from '../src/dcap/prove-platform.ts'
import { parsePckChain } from '../src/dcap/quote-signature.ts'
import { proveSgx } from '../src/formats/sgx/prove-sgx.ts'
import { explainTdxLog } from '../src/formats/tdx/event-log.ts'
import { type ProvedTdx, proveTdx } from '../src/formats/tdx/prove-tdx.ts'
import { parseTdxQuote } from '../src/formats/tdx/quote.ts'
import { type Capture, capture } from './support/captures.ts'
import { logFile } from './support/event-logs.ts'

const v4 = capture('TDX 1.5 in a version 4 quote')
const v5 = capture('a version 5 quote whose TDX module')
const gcp = capture('GCP with zero padding')
const enclave = capture('a production enclave')

/** The checks behind those of the platform, in their order. */
const PROOF: readonly CheckCode[] = ['tdx.quote-signature', 'tdx.module', 'tdx.tcb', 'tdx.event-log']

const prove = async (
  { quote, endorsements, now }: Capture,
  log?: Uint8Array,
): Promise<{ readonly proved: ProvedTdx | undefined; readonly ended: readonly string[] }> => {
  const checks = new CheckList(PROOF)
  const evidence = { format: 'tdx', bytes: quote, log, endorsements, simulatedRoots: undefined, now } as const
  const proved = await proveTdx(checks, evidence).catch(() => undefined)
  return { proved, ended: checks.all.map(({ status }) => status) }
}

describe('what the quote of a trust domain proves', () => {
  test('of TDX 1.0 says nothing of what is new in 1.5, nor of a log that did not come', async () => {
    const { proved, ended } = await prove(v4)
    expect(ended).toEqual(['passed', 'passed', 'passed', 'skipped'])
    expect(proved).toMatchObject({ technology: 'tdx', trustClass: 'hardware' })
    expect(proved?.claims).not.toHaveProperty('mrServiceTd')
    expect(proved?.claims.platform).not.toHaveProperty('teeTcbSvn2')
    expect(proved?.claims).not.toHaveProperty('eventLog')
    expect(proved?.claims.platform.platformInstanceId).toBe('07828474603e7019dc930775ffe8cdd2')
  })
  test('of TDX 1.5 says who may migrate it, and which TDX module runs now', async () => {
    const { proved, ended } = await prove(v5)
    expect(ended).toEqual(['passed', 'passed', 'passed', 'skipped'])
    expect(proved?.claims.mrServiceTd).toBe('00'.repeat(48))
    expect(proved?.claims.platform.teeTcbSvn2).toBe(`0d0104${'00'.repeat(13)}`)
  })
  test('together with its log says which registers that explains', async () => {
    const { proved, ended } = await prove(gcp, logFile('attestation/event-logs/cos113-ccel-data.bin'))
    expect(ended).toEqual(['passed', 'passed', 'passed', 'passed'])
    expect(proved?.claims.eventLog).toEqual({ events: 43, registers: ['rtmr0', 'rtmr1', 'rtmr2'] })
  })
  test('is nothing when another key signed it', async () => {
    // The signature of the quote stands behind header, body and its own length.
    const { proved, ended } = await prove({ ...v4, quote: v4.quote.map((byte, i) => (i === 636 ? byte ^ 1 : byte)) })
    expect(proved).toBeUndefined()
    expect(ended).toEqual(['failed', 'skipped', 'skipped', 'skipped'])
  })
  test('is nothing when no level of the TCB info is as old as its platform', async () => {
    const { proved, ended } = await prove(capture('early hardware below every level'))
    expect(proved).toBeUndefined()
    expect(ended).toEqual(['passed', 'passed', 'failed', 'skipped'])
  })
})

describe('the log of a trust domain', () => {
  const { report } = parseTdxQuote(v4.quote)
  const digestOf = new Uint8Array(48).fill(7)
  const specId = `${toHex(utf8('Spec ID Event03'))}000000000000020002010000000c00300000`
  // Of a specification of version 2.0 whose events have one digest, SHA-384; then one event of type 1 in register 4.
  // Source: TCG PC Client Platform Firmware Profile 1.06, 10.2.1, 10.2.2 and 10.4.5.1.
  const log = concatBytes(
    fromHex('log', `0000000003000000${'00'.repeat(20)}21000000${specId}`),
    fromHex('log', '0400000001000000010000000c00'),
    digestOf,
    fromHex('log', '00000000'),
  )
  test('explains RTMR3 where it is the register that was extended', async () => {
    const rtmr3 = await digest('SHA-384', concatBytes(new Uint8Array(48), digestOf))
    expect(await explainTdxLog({ ...report, rtmr3 }, log)).toEqual({ events: 1, registers: ['rtmr3'] })
  })
  test('is refused where RTMR3 holds something else, and names it', async () => {
    const rtmr3 = new Uint8Array(48).fill(0xee)
    await expect(explainTdxLog({ ...report, rtmr3 }, log)).rejects.toEqual(
      expect.objectContaining({
        code: 'EVENT_LOG_MISMATCH',
        details: expect.objectContaining({ register: 'rtmr3' }),
      }),
    )
  })
})

describe('what the quote of an enclave proves', () => {
  test('of a platform that its processor authority certified names no instance', async () => {
    const { quote: bytes, endorsements, now } = enclave
    const checks = new CheckList(evidenceChecks('sgx'))
    const { claims } = await proveSgx(checks, { format: 'sgx', bytes, endorsements, simulatedRoots: undefined, now })
    expect(claims.platform.fmspc).toBe('00a067110000')
    expect(claims.platform).not.toHaveProperty('platformInstanceId')
  })
})

describe('the chain of the QE identity', () => {
  test('is named when it is too short, be the chain of the TCB info right', async () => {
    const { signature } = parseTdxQuote(v4.quote)
    const parsed = parseDcapEndorsements(v4.endorsements)
    const [, root] = parsed.qeIdentityIssuerChain
    if (root === undefined) throw new Error('no root in the capture')
    const checks = new CheckList(evidenceChecks('tdx'))
    const proving = provePlatform(checks, {
      format: 'tdx',
      signature,
      pckChain: parsePckChain(signature),
      endorsements: { ...parsed, qeIdentityIssuerChain: [root] },
      kind: { tcbInfo: 'TDX', qeIdentity: 'TD_QE' },
      simulatedRoots: undefined,
      now: v4.now,
    })
    await expect(proving).rejects.toThrow()
    expect(checks.all.find(({ status }) => status === 'failed')).toMatchObject({
      code: 'dcap.tcb-signer',
      error: { code: 'CHAIN_LENGTH_WRONG', details: { chain: 'QE identity issuer chain', expected: 2, actual: 1 } },
    })
  })
})
