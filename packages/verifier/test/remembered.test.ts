import { describe, expect, test } from 'vitest'
import { checkRemembered } from '../src/appraisal/judge-rollback.ts'
import { type AffirmingResult, seenEvaluation } from '../src/index.ts'

const part = { status: 'UpToDate', tcbDate: '', advisoryIds: [] } as const
const tcb: NonNullable<AffirmingResult['tcb']> = {
  status: 'UpToDate',
  tcbDate: '',
  advisoryIds: [],
  tcbEvaluationDataNumber: 20,
  platform: part,
  qe: part,
  gaps: [],
}
const key = { crv: 'Ed25519', kty: 'OKP', x: '' } as const
const result: AffirmingResult = {
  version: 1,
  scope: 'document',
  status: 'affirming',
  trustClass: 'hardware',
  trustFlags: ['code'],
  freshness: 'nonce',
  channel: { statementSha256: '', tls: [], ohttp: '', channelKey: key, receiptsKey: key, notBefore: 0, notAfter: 0 },
  checks: [],
  now: 0,
  policy: 'test',
}
const nitro = { format: 'nitro', rootSha256: 'aa', reportData: '', moduleId: '', signedAt: '', pcrs: {} } as const
const attestationKey = { name: '', attributeNames: [], signature: '' }
const clock = { milliseconds: '', resetCount: 0, restartCount: 0, safe: true }
const tpm = {
  format: 'tpm',
  reportData: '',
  attestationKey,
  qualifiedSigner: '',
  firmwareVersion: '',
  clock,
  pcrs: {},
} as const
const sgx = {
  rootSha256: 'aa',
  reportData: '',
  quoteVersion: 3,
  mrEnclave: '',
  mrSigner: '',
  isvProdId: 0,
  isvSvn: 0,
  configId: '',
  configSvn: 0,
  isvFamilyId: '',
  isvExtProdId: '',
  attributes: '',
  attributeNames: [],
  xfrmNames: [],
  miscSelect: '',
  miscSelectNames: [],
  cpuSvn: '',
  platform: { fmspc: '', pceId: '', ppid: '', cpuSvn: '', pceSvn: 0 },
  paddingBytes: 0,
} as const

describe('what is worth remembering of a result', () => {
  test.each(['sgx', 'simulated-sgx'] as const)('is the evaluation number of %s, under its root', (format) =>
    expect(seenEvaluation({ ...result, claims: { ...sgx, format }, tcb })).toEqual({
      rootSha256: 'aa',
      tee: 'sgx',
      number: 20,
    }),
  )
  test('is that of TDX for anything else that has one', () =>
    expect(seenEvaluation({ ...result, claims: nitro, tcb })).toEqual({ rootSha256: 'aa', tee: 'tdx', number: 20 }))
  test.each([
    ['claims', { tcb }],
    ['a root', { claims: tpm, tcb }],
    ['a TCB', { claims: nitro }],
    [
      'a number',
      {
        claims: nitro,
        tcb: {
          status: 'UpToDate',
          gaps: [],
          reported: snpTcb(),
          committed: snpTcb(),
          current: snpTcb(),
          launch: snpTcb(),
        },
      },
    ],
  ] as const)('is nothing without %s', (_, members) =>
    expect(seenEvaluation({ ...result, ...members })).toBeUndefined(),
  )
})

function snpTcb() {
  return { bootLoader: 0, tee: 0, snp: 0, microcode: 0 }
}

describe('a number that is remembered', () => {
  const seen = (number: number) => () => checkRemembered([{ rootSha256: 'aa', tee: 'tdx', number }])
  test('is a whole one, 0 included', () => {
    for (const number of [0, 1, Number.MAX_SAFE_INTEGER]) expect(seen(number)).not.toThrow()
    for (const number of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(seen(number)).toThrow(new RangeError(`an evaluation number is a whole number, not ${number}`))
    }
  })
})
