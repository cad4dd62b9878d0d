import { describe, expect, test } from 'vitest'
import type { AttestationResult, Check, EvidenceResult } from '../src/index.ts'
import { explain } from '../src/index.ts'
import type { TcbClaims } from '../src/result/claims.ts'

const passed: Check = { code: 'dcap.root', status: 'passed', summary: 'the root is pinned' }
const skipped: Check = { code: 'binding.nonce', status: 'skipped', summary: 'it answers our nonce' }
const failed: Check = {
  code: 'policy.measurement',
  status: 'failed',
  summary: 'its code is reviewed',
  error: { code: 'SOME_CODE', answer: 'not-wanted', message: 'it is another', hint: 'Do this.', details: {} },
}
const common = { rootSha256: 'aa', reportData: 'bb' }
const part = { status: 'UpToDate', tcbDate: '2025-08-13T00:00:00Z', advisoryIds: [] } as const
const TCB: TcbClaims = {
  status: 'OutOfDate',
  tcbDate: '2025-08-13T00:00:00Z',
  advisoryIds: ['INTEL-SA-00001', 'INTEL-SA-00002'],
  tcbEvaluationDataNumber: 19,
  platform: part,
  qe: part,
  current: 'UpToDate',
  gaps: [{ component: 'pce', has: 5, needs: 6, advisoryIds: [] }],
}
const { current, ...WITHOUT_CURRENT } = TCB
const base = { version: 1, policy: 'mine', now: 1_795_407_570, trustFlags: [] } as const
const keys = { crv: 'Ed25519', kty: 'OKP', x: '' } as const
const CHANNEL = {
  statementSha256: '',
  tls: [],
  ohttp: '',
  channelKey: keys,
  receiptsKey: keys,
  notBefore: 0,
  notAfter: 0,
}
const platform = { fmspc: '', pceId: '', ppid: '', cpuSvn: '', pceSvn: 0 }
const SGX = {
  ...common,
  format: 'sgx',
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
  platform,
} as const
const NITRO = { ...common, format: 'nitro', moduleId: 'i', signedAt: '2026-11-23T04:19:30Z', pcrs: {} } as const

const affirming: AttestationResult = {
  ...base,
  scope: 'document',
  status: 'affirming',
  trustClass: 'hardware',
  freshness: 'nonce',
  channel: CHANNEL,
  checks: [passed, skipped],
  claims: { ...NITRO, release: 'release 1' },
}

describe('a result in words', () => {
  test('says what was proved, by what, and what each check asks for', () => {
    expect(explain(affirming)).toBe(
      [
        'AFFIRMING: it is what the policy asks for',
        '',
        'trust class: hardware: the machine keeps whoever runs it out of its memory',
        'freshness: made for our nonce',
        'code: the reviewed release "release 1"',
        'signed at: 2026-11-23T04:19:30Z',
        'TCB: not reported: AWS names no version of the Nitro system and keeps it up to date itself',
        'judged at: 2026-11-23T04:19:30Z',
        'policy: mine',
        '',
        'checks, and what each asks for:',
        '  passed   dcap.root                      the root is pinned',
        '  skipped  binding.nonce                  it answers our nonce',
        '',
      ].join('\n'),
    )
  })
  test('says why it is not wanted, and what to do', () => {
    const result: EvidenceResult = {
      ...base,
      scope: 'evidence-only',
      status: 'contraindicated',
      trustClass: 'hardware',
      checks: [failed],
      failed,
      claims: { ...SGX, release: 'x', releaseSource: 'trust-on-first-use', paddingBytes: 0 },
      tcb: TCB,
    }
    expect(explain(result)).toBe(
      [
        'CONTRAINDICATED: it is genuine, and it is not what the policy asks for',
        '  because it is another (SOME_CODE)',
        '  Do this.',
        '',
        'trust class: hardware: the machine keeps whoever runs it out of its memory',
        'scope: bare evidence; it says nothing about keys, so no channel can rest on it',
        'code: "x", trusted on first use: the server said so itself, and nobody reviewed it',
        'TCB: OutOfDate, of 2025-08-13T00:00:00Z, by evaluation number 19 (the floor of 2026-11-23 is 20)',
        '  with the TDX module that runs now: UpToDate',
        '  behind: pce has 5, needs 6',
        '  advisories: INTEL-SA-00001, INTEL-SA-00002',
        'judged at: 2026-11-23T04:19:30Z',
        'policy: mine',
        '',
        'checks, and what each asks for:',
        '  FAILED   policy.measurement             its code is reviewed',
        '           SOME_CODE: it is another',
        '',
      ].join('\n'),
    )
  })
  test('says that nothing is proved', () => {
    const result: AttestationResult = {
      ...base,
      scope: 'document',
      status: 'none',
      trustClass: 'none',
      freshness: 'skipped',
      checks: [failed],
      failed: { ...skipped },
    }
    expect(explain(result)).toBe(
      [
        'NOT PROVED: it may be anything',
        '',
        'trust class: none: nothing is proved',
        'freshness: skipped: the evidence is older than our question; the channel has to show that its keys live',
        'judged at: 2026-11-23T04:19:30Z',
        'policy: mine',
        '',
        'checks, and what each asks for:',
        '  FAILED   policy.measurement             its code is reviewed',
        '           SOME_CODE: it is another',
        '',
      ].join('\n'),
    )
  })
  test('warns of what nobody reviewed', () => {
    const result: EvidenceResult = {
      ...base,
      scope: 'evidence-only',
      status: 'warning',
      trustClass: 'simulated',
      checks: [],
      claims: { ...SGX, paddingBytes: 7 },
      tcb: { ...WITHOUT_CURRENT, status: 'UpToDate', advisoryIds: [], gaps: [] },
    }
    expect(current).toBe('UpToDate')
    expect(explain(result)).toBe(
      [
        'WARNING: it is genuine, and nobody said which code it may run',
        '',
        'trust class: simulated: it protects nothing, whoever runs the machine sees all data',
        'scope: bare evidence; it says nothing about keys, so no channel can rest on it',
        'code: not shown to be reviewed',
        'padding: 7 zero bytes after the quote',
        'TCB: UpToDate, of 2025-08-13T00:00:00Z, by evaluation number 19 (the floor of 2026-11-23 is 20)',
        'judged at: 2026-11-23T04:19:30Z',
        'policy: mine',
        '',
        'checks, and what each asks for:',
        '',
      ].join('\n'),
    )
  })
  test('lists the four TCBs of AMD by the parts that the product has', () => {
    const tcb = { bootLoader: 4, tee: 0, snp: 24, microcode: 219 }
    const result: EvidenceResult = {
      ...base,
      scope: 'evidence-only',
      status: 'warning',
      trustClass: 'measured-boot',
      checks: [],
      tcb: {
        status: 'OutOfDate',
        reported: tcb,
        current: { fmc: 1, ...tcb },
        committed: tcb,
        launch: tcb,
        gaps: [{ tcb: 'committed', component: 'snp', has: 24, needs: 27 }],
      },
    }
    expect(explain(result)).toContain(
      [
        'trust class: measured-boot: what was started is known, and whoever runs the machine can read its memory',
        'scope: bare evidence; it says nothing about keys, so no channel can rest on it',
        "TCB: OutOfDate by the policy's minimum (the built-in floors are of 2026-11-27)",
        '  reported   bootLoader 4, tee 0, snp 24, microcode 219',
        '  committed  bootLoader 4, tee 0, snp 24, microcode 219',
        '  current    fmc 1, bootLoader 4, tee 0, snp 24, microcode 219',
        '  launch     bootLoader 4, tee 0, snp 24, microcode 219',
        '  behind: committed snp has 24, needs 27',
        'judged at: 2026-11-23T04:19:30Z',
        'policy: mine',
      ].join('\n'),
    )
  })
})
