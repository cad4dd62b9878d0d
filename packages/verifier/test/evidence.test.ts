import { concatBytes } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeAttributes } from '../src/appraisal/judge-tdx.ts'
import { parseTdxQuote } from '../src/formats/tdx/quote.ts'
import {
  DEFAULT_POLICY,
  exitCode,
  explain,
  parseDocument,
  parsePolicy,
  parseStatement,
  TCB_EVALUATION_FLOORS,
  verify,
  verifyEvidence,
} from '../src/index.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { parseCrl } from '../src/x509/crl.ts'
import { type Capture, capture, derOf, file, pckChain } from './support/captures.ts'

const v4 = capture('TDX 1.5 in a version 4 quote')
const v5 = capture('a version 5 quote whose TDX module')

const judge = ({ quote, endorsements, now }: Capture, policy: object) =>
  verifyEvidence({ format: 'tdx', bytes: quote, endorsements }, parsePolicy({ version: 1, name: 'test', ...policy }), {
    now,
  })
const lowFloor = { minimumTcbEvaluationDataNumber: 15 }
const registersOf = async (one: Capture) => {
  const { claims } = await judge(one, {})
  if (claims === undefined || !('mrTd' in claims)) throw new Error('nothing was proved of a trust domain')
  const { mrTd, rtmr0, rtmr1, rtmr2, rtmr3 } = claims
  return { name: 'as captured', date: '2026-11-23', mrTd, rtmr0, rtmr1, rtmr2, rtmr3 }
}

describe('bare evidence of real hardware', () => {
  test('is refused under the floor that is built in, because its endorsements are old', async () => {
    const result = await judge(v4, {})
    expect(result).toMatchObject({
      scope: 'evidence-only',
      status: 'contraindicated',
      trustClass: 'hardware',
      failed: {
        code: 'policy.tcb-evaluation-number',
        error: {
          code: 'TCB_EVALUATION_NUMBER_TOO_LOW',
          details: { subject: 'TCB info', minimum: TCB_EVALUATION_FLOORS.tdx, actual: 17 },
        },
      },
    })
    expect(exitCode(result)).toBe(30)
    expect(explain(result)).toContain(`the floor of ${TCB_EVALUATION_FLOORS.date} is ${TCB_EVALUATION_FLOORS.tdx}`)
  })
  test('is affirming when its measurements are reference values, and still carries no key', async () => {
    const result = await judge(v4, { tdx: { ...lowFloor, measurements: [await registersOf(v4)] } })
    expect(result).toMatchObject({ status: 'affirming', trustFlags: ['code'], claims: { release: 'as captured' } })
    expect(result).not.toHaveProperty('channel')
    expect(exitCode(result)).toBe(0)
  })
  test('without reference values is a warning, and a program that asks for no more exits 0', async () => {
    const result = await judge(v4, { tdx: lowFloor })
    expect(result.status).toBe('warning')
    expect(exitCode(result)).toBe(0)
  })
  test('is not wanted by who accepts another class', async () => {
    const result = await judge(v4, { trustClasses: ['measured-boot'], tdx: lowFloor })
    expect(result).toMatchObject({
      status: 'contraindicated',
      failed: {
        error: { code: 'TRUST_CLASS_NOT_ACCEPTED', details: { accepted: ['measured-boot'], actual: 'hardware' } },
      },
    })
  })
  test('that is malformed gives 10, that is not proved 20', async () => {
    expect(exitCode(await judge({ ...v4, quote: v4.quote.slice(0, 100) }, {}))).toBe(10)
    expect(exitCode(await judge({ ...v4, quote: v4.quote.map((byte, i) => (i === 200 ? byte ^ 1 : byte)) }, {}))).toBe(
      20,
    )
  })
  test('with endorsements of another platform is refused by name', async () => {
    const { endorsements, now } = v5
    const result = await judge({ ...v4, endorsements, now }, {})
    expect(result.failed).toMatchObject({
      code: 'dcap.tcb-info',
      error: { code: 'FMSPC_MISMATCH', details: { pck: 'b0c06f000000', tcbInfo: '90c06f000000' } },
    })
  })
  test('of a TDX 1.5 trust domain shows the TDX module that runs now beside the one at launch', async () => {
    const { claims, tcb } = await judge(v5, { tdx: lowFloor })
    expect(claims).toMatchObject({
      quoteVersion: 5,
      mrServiceTd: '00'.repeat(48),
      platform: { teeTcbSvn: `0b0104${'00'.repeat(13)}`, teeTcbSvn2: `0d0104${'00'.repeat(13)}` },
    })
    expect(tcb).toMatchObject({ status: 'UpToDate', current: 'UpToDate' })
  })
  test('whose platform is behind names what is behind', async () => {
    const { tcb } = await judge(capture('Azure'), {})
    if (tcb === undefined || !('platform' in tcb)) throw new Error('nothing was proved of a platform')
    expect(tcb.gaps).toEqual([
      { component: 'sgx[0] (BIOS, Early Microcode Update)', has: 6, needs: 7, advisoryIds: tcb.platform.advisoryIds },
      {
        component: 'sgx[1] (OS/VMM, SGX Late Microcode Update)',
        has: 6,
        needs: 7,
        advisoryIds: tcb.platform.advisoryIds,
      },
      {
        component: 'tdx[2] (OS/VMM, TDX Late Microcode Update)',
        has: 6,
        needs: 7,
        advisoryIds: tcb.platform.advisoryIds,
      },
      { component: 'tdx-module', has: 2, needs: 4, advisoryIds: [] },
    ])
  })
})

describe('a quote of version 5', () => {
  const at = (offset: number, ...bytes: readonly number[]): Uint8Array =>
    v5.quote.map((byte, i) => bytes[i - offset] ?? byte)
  test('is read with its body of TDX 1.5', () => {
    expect(parseTdxQuote(v5.quote)).toMatchObject({ version: 5, paddingBytes: 0 })
  })
  test('is refused with a body of an SGX enclave, or of a type that nobody knows', () => {
    for (const type of [0, 1, 4]) {
      expect(() => parseTdxQuote(at(48, type, 0))).toThrowError(
        expect.objectContaining({
          code: 'UNSUPPORTED_VALUE',
          details: expect.objectContaining({ field: 'quote BODY_TYPE' }),
        }),
      )
    }
  })
  test('is refused with a body size that is not of its type', () => {
    expect(() => parseTdxQuote(at(48, 2, 0))).toThrowError(
      expect.objectContaining({ code: 'WRONG_LENGTH', details: { field: 'quote BODY', expected: 584, actual: 648 } }),
    )
    expect(() => parseTdxQuote(at(50, 0xff, 0xff, 0xff, 0xff))).toThrowError(
      expect.objectContaining({ code: 'WRONG_LENGTH' }),
    )
  })
  test('is refused when its signature claims more than there is, or less than it holds', () => {
    const size = 54 + 648
    expect(() => parseTdxQuote(at(size, 0xff, 0xff, 0xff, 0xff))).toThrowError(
      expect.objectContaining({ code: 'TRUNCATED' }),
    )
    expect(() => parseTdxQuote(at(size, 0xcb, 0x10))).toThrowError(expect.objectContaining({ code: 'TRUNCATED' }))
  })
  test('is refused when it is longer than any', () => {
    expect(() => parseTdxQuote(concatBytes(v5.quote, new Uint8Array(32_768)))).toThrowError(
      expect.objectContaining({ code: 'TOO_LONG' }),
    )
  })
})

describe('each bit of TDATTRIBUTES', () => {
  // The attributes of a real quote are covered by its signature, so the judgement is looked at alone.
  test('is refused by the default policy unless it is one that keeps the host out', () => {
    const harmless = new Set([16, 27, 28, 30, 31, 62, 63])
    for (let bit = 0; bit < 64; bit++) {
      const attributes = new Uint8Array(8).map((_, i) => (i === bit >> 3 ? 1 << (bit & 7) : 0))
      const checks = new CheckList(['tdx.debug', 'tdx.attributes'])
      judgeAttributes(checks, attributes, DEFAULT_POLICY.tdx)
      const failed = checks.all.filter(({ status }) => status === 'failed').map(({ error }) => error?.code)
      const named = [4, 5, 6, 29].includes(bit) ? 'TD_ATTRIBUTE_NOT_ALLOWED' : 'TD_ATTRIBUTE_RESERVED'
      expect(failed, `bit ${bit}`).toEqual(harmless.has(bit) ? [] : bit === 0 ? ['TD_DEBUG'] : [named])
    }
  })
})

describe('certificates', () => {
  test('of the vendor are read with their names, windows and uses', () => {
    const root = parseCertificate('root', file('intel-sgx-root-ca.der'))
    expect(root).toMatchObject({
      subject: { commonName: 'Intel SGX Root CA' },
      notBefore: 1_526_899_510,
      notAfter: 2_524_607_999,
      basicConstraints: { ca: true, pathLength: 1 },
      publicKey: { curve: 'P-256' },
    })
    expect(root.keyUsage).toEqual(new Set([5, 6]))
    expect(root.issuer.raw).toBe(root.subject.raw)
    const leaf = parseCertificate('leaf', derOf(pckChain(v4.quote)[0] ?? ''))
    expect(leaf).toMatchObject({ serial: '3c16ed54eacbb4ced072be72630c85788cf46e36', basicConstraints: { ca: false } })
  })
  test('are refused wherever they are cut, and with anything after them', () => {
    const der = file('intel-sgx-root-ca.der')
    for (let length = 0; length < der.byteLength; length++) {
      expect(() => parseCertificate('root', der.slice(0, length))).toThrowError(
        expect.objectContaining({ code: 'NOT_DER' }),
      )
    }
    expect(() => parseCertificate('root', concatBytes(der, new Uint8Array(1)))).toThrowError(
      expect.objectContaining({ code: 'NOT_DER' }),
    )
  })
  const der = Array.from(file('intel-sgx-root-ca.der'), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variants: readonly (readonly [code: string, why: string, from: string | RegExp, to: string])[] = [
    ['UNSUPPORTED_ALGORITHM', 'signed with ECDSA and SHA-224', /2a8648ce3d040302/g, '2a8648ce3d040301'],
    ['UNSUPPORTED_ALGORITHM', 'with a key of another kind', '06072a8648ce3d0201', '06072a8648ce3d0202'],
    ['UNSUPPORTED_ALGORITHM', 'on another curve', '06082a8648ce3d030107', '06082a8648ce3d030106'],
    ['UNSUPPORTED_VALUE', 'that names two signature algorithms', '2a8648ce3d040302', '2a8648ce3d040303'],
    ['UNKNOWN_VERSION', 'of version 2', 'a003020102', 'a003020101'],
    ['PUBLIC_KEY_INVALID', 'with a compressed key', '03420004', '03420002'],
  ]
  for (const [code, why, from, to] of variants) {
    test(`are refused by name: one ${why}`, () => {
      const changed = der.replace(from, to)
      expect(changed).not.toBe(der)
      const bytes = Uint8Array.from(changed.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
      expect(() => parseCertificate('root', bytes)).toThrowError(expect.objectContaining({ code }))
    })
  }
})

describe('revocation lists', () => {
  const list = Array.from(file('root-crl-automata.der'), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const bytesOf = (hex: string): Uint8Array =>
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
  test('of the vendor are read with their window and issuer', () => {
    expect(parseCrl('root CRL', bytesOf(list))).toMatchObject({
      issuer: { commonName: 'Intel SGX Root CA' },
      thisUpdate: 1_742_469_717,
      nextUpdate: 1_775_215_317,
      revoked: new Map(),
    })
  })
  test('of version 1 are refused', () => {
    expect(() => parseCrl('root CRL', bytesOf(list.replace('020101', '020100')))).toThrowError(
      expect.objectContaining({ code: 'UNKNOWN_VERSION', details: { field: 'root CRL version', actual: 0 } }),
    )
  })
  test('that name two signature algorithms are refused', () => {
    expect(() => parseCrl('root CRL', bytesOf(list.replace('2a8648ce3d040302', '2a8648ce3d040303')))).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }),
    )
  })
})

describe('what is longer than anything real', () => {
  const tooLong = expect.objectContaining({ code: 'TOO_LONG' })
  test('is refused before it is read: a document', () => {
    expect(() => parseDocument(new Uint8Array(4_194_305))).toThrowError(tooLong)
  })
  test('is refused before it is read: a statement', () => {
    expect(() => parseStatement(new Uint8Array(65_537))).toThrowError(tooLong)
  })
})

describe('whatever comes in', () => {
  test('a result comes out, and nothing is thrown', async () => {
    const policy = parsePolicy({ version: 1, name: 'test' })
    const { now } = v4
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.jsonValue()), async (document) => {
        expect((await verify(document as Uint8Array, policy, { now })).status).toBe('none')
      }),
      { numRuns: 300, seed: 20261123 },
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.jsonValue(), async (bytes, endorsements) => {
        expect((await verifyEvidence({ format: 'tdx', bytes, endorsements }, policy, { now })).status).toBe('none')
        const real = await verifyEvidence({ format: 'tdx', bytes: v4.quote, endorsements }, policy, { now })
        expect(real.failed?.code).toBe('endorsements.form')
      }),
      { numRuns: 100, seed: 20261123 },
    )
  })
})
