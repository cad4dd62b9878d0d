import { concatBytes } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeEnclave } from '../src/appraisal/judge-sgx.ts'
import { parseSgxQuote } from '../src/formats/sgx/quote.ts'
import {
  DEFAULT_POLICY,
  type EvidenceResult,
  exitCode,
  explain,
  parsePolicy,
  TCB_EVALUATION_FLOORS,
  verifyEvidence,
} from '../src/index.ts'
import { type Capture, capture } from './support/captures.ts'

const real = capture('a production enclave')
const accepting = parsePolicy(capture('the same with its measurement').policy)

/** Header and report; the signature data and its length follow. */
const SIGNED_BYTES = 48 + 384

function judge(change: Partial<Capture>, policy = accepting): Promise<EvidenceResult> {
  const { quote, endorsements, now } = { ...real, ...change }
  return verifyEvidence({ format: 'sgx', bytes: quote, endorsements }, policy, { now })
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const settings = (runs: number) => ({ numRuns: runs, seed: 20261123 })

describe('a quote of a real enclave', () => {
  test('shows what it measures, who signed it and on which platform it runs', async () => {
    expect(await judge({})).toMatchObject({
      status: 'affirming',
      trustClass: 'hardware',
      trustFlags: ['code'],
      claims: {
        format: 'sgx',
        quoteVersion: 3,
        mrEnclave: '33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb',
        mrSigner: '815f42f11cf64430c30bab7816ba596a1da0130c3b028b673133a66cf9a3e0e6',
        isvProdId: 0,
        isvSvn: 0,
        configSvn: 0,
        attributes: '0500000000000000e700000000000000',
        attributeNames: ['INIT', 'MODE64BIT'],
        xfrmNames: ['X87', 'SSE', 'AVX', 'OPMASK', 'ZMM_HI256', 'HI16_ZMM'],
        miscSelect: '00000000',
        miscSelectNames: [],
        cpuSvn: '0b0b1a18ffff04000000000000000000',
        platform: {
          fmspc: '00a067110000',
          pceId: '0000',
          ppid: 'd04ec06d4e6d92dc90d0ad3cf5ee2ddf',
          cpuSvn: '0b0b0202ff0100000000000000000000',
          pceSvn: 13,
        },
        paddingBytes: 0,
        release: 'as captured',
      },
      tcb: { platform: { status: 'ConfigurationAndSWHardeningNeeded' }, qe: { status: 'UpToDate' } },
    })
  })
  test('names what keeps its platform from being up to date', async () => {
    const { tcb } = await judge({})
    expect(tcb).not.toHaveProperty('tdxModule')
    expect(tcb?.gaps).toEqual([
      { component: 'sgx[6]', has: 0, needs: 12, advisoryIds: ['INTEL-SA-00289', 'INTEL-SA-00615'] },
    ])
  })
  test('is explained with the floor of SGX', async () => {
    const result = await judge({})
    expect(exitCode(result)).toBe(0)
    expect(explain(result)).toContain(`the floor of ${TCB_EVALUATION_FLOORS.date} is ${TCB_EVALUATION_FLOORS.sgx}`)
  })
  test('is refused by name under the label of TDX, and as a simulation', async () => {
    const { quote: bytes, endorsements, now } = real
    const asTdx = await verifyEvidence({ format: 'tdx', bytes, endorsements }, accepting, { now })
    expect(asTdx.failed).toMatchObject({ error: { code: 'UNKNOWN_VERSION', details: { actual: 3 } } })
    const asSimulated = await verifyEvidence({ format: 'simulated-sgx', bytes, endorsements }, accepting, { now })
    expect(asSimulated.failed).toMatchObject({ code: 'dcap.root', error: { code: 'HARDWARE_LABELLED_SIMULATED' } })
  })
  test('may be followed by zeros, which are reported', async () => {
    const result = await judge({ quote: concatBytes(real.quote, new Uint8Array(70)) })
    expect(result).toMatchObject({ status: 'affirming', claims: { paddingBytes: 70 } })
    expect(explain(result)).toContain('padding: 70 zero bytes after the quote')
  })
  test('is refused with anything after it but zeros', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (more) => {
        const result = await judge({ quote: concatBytes(real.quote, more) })
        const zeros = more.every((byte) => byte === 0)
        expect(result.failed?.error?.code).toBe(zeros ? undefined : 'TRAILING_BYTES')
      }),
      settings(50),
    )
  })
  test('is refused wherever it is cut', () => {
    for (let length = 0; length < real.quote.byteLength; length++) {
      expect(() => parseSgxQuote(real.quote.slice(0, length)), `${length} bytes`).toThrowError(
        expect.objectContaining({ code: 'TRUNCATED' }),
      )
    }
  })
  test('is refused with any one bit of what is signed flipped', async () => {
    for (let byte = 0; byte < SIGNED_BYTES; byte += 3) {
      const result = await judge({ quote: flipped(real.quote, 8 * byte + (byte % 8)) })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of its signature data flipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8 * SIGNED_BYTES, max: 8 * real.quote.byteLength - 1 }), async (bit) => {
        // The NUL after the certificates becomes another character, which is no PEM.
        expect((await judge({ quote: flipped(real.quote, bit) })).status).toBe('none')
      }),
      settings(200),
    )
  })
})

describe('each bit of an enclave, flipped under the default policy', () => {
  // INIT and MODE64BIT; x87, SSE and AVX. The quote's signature covers them, so the judgement is looked at alone.
  const attributes = Uint8Array.of(0x05, 0, 0, 0, 0, 0, 0, 0, 0x07, 0, 0, 0, 0, 0, 0, 0)
  const codes = ['sgx.debug', 'sgx.initialized', 'sgx.attributes', 'sgx.xfrm', 'sgx.misc-select'] as const
  const failures = (report: { attributes: Uint8Array; miscSelect: Uint8Array }) => {
    const checks = new CheckList(codes)
    judgeEnclave(checks, report, DEFAULT_POLICY.sgx)
    return checks.all.filter(({ status }) => status === 'failed').map(({ error }) => [error?.code, error?.details])
  }
  const miscSelect = new Uint8Array(4)

  test('and none flipped is accepted', () => expect(failures({ attributes, miscSelect })).toEqual([]))

  /** What flipping a flag gives; a bit that is not here is reserved. */
  const flags = new Map<number, readonly [code: string, details: object] | undefined>([
    [0, ['SGX_NOT_INITIALIZED', {}]],
    [1, ['SGX_DEBUG', {}]],
    [2, ['SGX_ATTRIBUTE_REQUIRED', { attribute: 'MODE64BIT', bit: 2 }]],
    [4, ['SGX_ATTRIBUTE_NOT_ALLOWED', { attribute: 'PROVISION_KEY', bit: 4 }]],
    [5, ['SGX_ATTRIBUTE_NOT_ALLOWED', { attribute: 'EINITTOKEN_KEY', bit: 5 }]],
    [6, undefined],
    [7, undefined],
    [10, undefined],
  ])
  for (let bit = 0; bit < 64; bit++) {
    const expected = flags.has(bit) ? flags.get(bit) : (['SGX_ATTRIBUTE_RESERVED', { bit }] as const)
    test(`bit ${bit} of the flags: ${expected?.[0] ?? 'accepted'}`, () => {
      const found = failures({ attributes: flipped(attributes, bit), miscSelect })
      expect(found).toEqual(expected === undefined ? [] : [[expected[0], expect.objectContaining(expected[1])]])
    })
  }

  const xfrm = new Map<number, readonly [code: string, details: object] | undefined>([
    [0, ['SGX_XFRM_REQUIRED', { feature: 'X87', bit: 0 }]],
    [1, ['SGX_XFRM_REQUIRED', { feature: 'SSE', bit: 1 }]],
    ...[2, 3, 4, 5, 6, 7, 9, 17, 18, 19].map((bit) => [bit, undefined] as const),
  ])
  for (let bit = 0; bit < 64; bit++) {
    const expected = xfrm.has(bit) ? xfrm.get(bit) : (['SGX_XFRM_RESERVED', { bit }] as const)
    test(`bit ${bit} of XFRM: ${expected?.[0] ?? 'accepted'}`, () => {
      const found = failures({ attributes: flipped(attributes, 64 + bit), miscSelect })
      expect(found).toEqual(expected === undefined ? [] : [[expected[0], expect.objectContaining(expected[1])]])
    })
  }

  for (let bit = 0; bit < 32; bit++) {
    test(`bit ${bit} of MISCSELECT: ${bit < 2 ? 'accepted' : 'SGX_MISCSELECT_RESERVED'}`, () => {
      const found = failures({ attributes, miscSelect: flipped(miscSelect, bit) })
      expect(found).toEqual(bit < 2 ? [] : [['SGX_MISCSELECT_RESERVED', expect.objectContaining({ bit })]])
    })
  }

  test('debug beside a reserved bit gives both', () => {
    const both = flipped(flipped(attributes, 1), 11)
    expect(failures({ attributes: both, miscSelect }).map(([code]) => code)).toEqual([
      'SGX_DEBUG',
      'SGX_ATTRIBUTE_RESERVED',
    ])
  })
})
