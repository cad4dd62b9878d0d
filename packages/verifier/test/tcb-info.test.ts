import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { readQeIdentity } from '../src/dcap/qe-identity.ts'
import { parseSignedText } from '../src/dcap/signed-text.ts'
import { readTcbInfo } from '../src/dcap/tcb-info.ts'

const components = (svn: number, more: JsonObject = {}): JsonObject[] =>
  Array.from({ length: 16 }, () => ({ svn, ...more }))
const level = (svn: number, pcesvn: number, members: JsonObject = {}): JsonObject => ({
  tcb: { sgxtcbcomponents: components(svn), pcesvn, tdxtcbcomponents: components(svn) },
  tcbStatus: 'UpToDate',
  tcbDate: '2024-03-13T00:00:00Z',
  ...members,
})
const svnLevel = (isvsvn: number, members: JsonObject = {}): JsonObject => ({
  tcb: { isvsvn },
  tcbStatus: 'UpToDate',
  tcbDate: '2024-03-13T00:00:00Z',
  ...members,
})
const MODULE: JsonObject = { mrsigner: '00'.repeat(48), attributes: '01'.repeat(8), attributesMask: 'ff'.repeat(8) }
const TDX: JsonObject = {
  id: 'TDX',
  version: 3,
  tcbType: 0,
  issueDate: '2026-11-01T00:00:00Z',
  nextUpdate: '2026-12-01T00:00:00Z',
  fmspc: '00806f050000',
  pceId: '0000',
  tcbEvaluationDataNumber: 17,
  tdxModule: MODULE,
  tdxModuleIdentities: [{ id: 'TDX_01', ...MODULE, tcbLevels: [svnLevel(2), svnLevel(4)] }],
  tcbLevels: [level(2, 5), level(3, 5), level(3, 6)],
}
const QE: JsonObject = {
  id: 'TD_QE',
  version: 2,
  issueDate: '2026-11-01T00:00:00Z',
  nextUpdate: '2026-12-01T00:00:00Z',
  tcbEvaluationDataNumber: 17,
  miscselect: '00000000',
  miscselectMask: 'ffffffff',
  attributes: '11'.repeat(16),
  attributesMask: 'fb'.repeat(16),
  mrsigner: 'dc'.repeat(32),
  isvprodid: 2,
  tcbLevels: [svnLevel(4)],
}

const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('TCB info', () => {
  test('has its levels highest first, by SGX components, PCESVN, then TDX components', () => {
    const tdx = { tcb: { sgxtcbcomponents: components(3), pcesvn: 6, tdxtcbcomponents: components(4) } }
    const { levels } = readTcbInfo({ ...TDX, tcbLevels: [level(2, 9), level(3, 5), level(3, 6), level(3, 6, tdx)] })
    expect(
      levels.map(({ sgxComponents, pceSvn, tdxComponents }) => [sgxComponents[0]?.svn, pceSvn, tdxComponents[0]?.svn]),
    ).toEqual([
      [3, 6, 4],
      [3, 6, 3],
      [3, 5, 3],
      [2, 9, 2],
    ])
  })
  test('compares from the first component on', () => {
    const tcb = (first: number, last: number): JsonObject => ({
      tcb: {
        sgxtcbcomponents: [{ svn: first }, ...components(1).slice(2), { svn: last }],
        pcesvn: 5,
        tdxtcbcomponents: components(0),
      },
    })
    const { levels } = readTcbInfo({
      ...TDX,
      tcbLevels: [level(0, 0, tcb(1, 9)), level(0, 0, tcb(2, 0)), level(0, 0, tcb(1, 3))],
    })
    expect(levels.map(({ sgxComponents }) => [sgxComponents[0]?.svn, sgxComponents[15]?.svn])).toEqual([
      [2, 0],
      [1, 9],
      [1, 3],
    ])
  })
  test('gives all it says, in lower case and as seconds', () => {
    const words = { category: 'BIOS', type: 'Early Microcode Update' }
    const tcbLevels = [
      level(0, 0, {
        tcb: { sgxtcbcomponents: components(1, words), pcesvn: 2, tdxtcbcomponents: components(3) },
        tcbStatus: 'OutOfDate',
        advisoryIDs: ['INTEL-SA-00001'],
      }),
    ]
    expect(readTcbInfo({ ...TDX, fmspc: '00806F050000', tcbLevels })).toEqual({
      id: 'TDX',
      issueDate: Date.UTC(2026, 10, 1) / 1000,
      nextUpdate: Date.UTC(2026, 11, 1) / 1000,
      fmspc: '00806f050000',
      pceId: '0000',
      tcbEvaluationDataNumber: 17,
      tdxModule: { mrSigner: '00'.repeat(48), attributes: '01'.repeat(8), attributesMask: 'ff'.repeat(8), levels: [] },
      tdxModuleIdentities: [
        {
          id: 'TDX_01',
          mrSigner: '00'.repeat(48),
          attributes: '01'.repeat(8),
          attributesMask: 'ff'.repeat(8),
          levels: [4, 2].map((isvSvn) => ({
            isvSvn,
            status: 'UpToDate',
            tcbDate: Date.UTC(2024, 2, 13) / 1000,
            advisoryIds: [],
          })),
        },
      ],
      levels: [
        {
          status: 'OutOfDate',
          tcbDate: Date.UTC(2024, 2, 13) / 1000,
          advisoryIds: ['INTEL-SA-00001'],
          sgxComponents: components(1, words),
          pceSvn: 2,
          tdxComponents: components(3),
        },
      ],
    })
  })
  test('of SGX has neither TDX components nor modules', () => {
    const { tdxModule, tdxModuleIdentities, ...rest } = TDX
    expect(tdxModule).toBeDefined()
    expect(tdxModuleIdentities).toBeDefined()
    const info = readTcbInfo({ ...rest, id: 'SGX' })
    expect(info).not.toHaveProperty('tdxModule')
    expect(info).toMatchObject({ id: 'SGX', tdxModuleIdentities: [], levels: [{ tdxComponents: [] }, {}, {}] })
    // Whatever SGX TCB info says of modules is left alone.
    expect(readTcbInfo({ ...rest, id: 'SGX', tdxModuleIdentities: 1 }).tdxModuleIdentities).toEqual([])
  })
  test('of TDX without identities of modules has none', () => {
    const { tdxModuleIdentities, ...rest } = TDX
    expect(tdxModuleIdentities).toBeDefined()
    expect(readTcbInfo(rest).tdxModuleIdentities).toEqual([])
  })
  test('may spell a module in small letters', () => {
    const [first] = readTcbInfo({
      ...TDX,
      tdxModuleIdentities: [{ id: 'tdx_03', ...MODULE, tcbLevels: [svnLevel(1)] }],
    }).tdxModuleIdentities
    expect(first?.id).toBe('TDX_03')
  })

  const field = 'tcbInfo.tcbLevels'
  for (const [what, members, code, details] of [
    ['no level', { tcbLevels: [] }, 'WRONG_VALUE', { field, expected: 'not empty' }],
    [
      'a level twice',
      { tcbLevels: [level(2, 5), level(3, 5), level(2, 5)] },
      'WRONG_VALUE',
      { field, expected: 'a list without equal levels' },
    ],
    ['another version', { version: 2 }, 'WRONG_VALUE', { field: 'tcbInfo.version', expected: 'from 3 to 3' }],
    ['another type', { tcbType: 1 }, 'WRONG_VALUE', { field: 'tcbInfo.tcbType', expected: 'from 0 to 0' }],
    ['another TEE', { id: 'SEV' }, 'WRONG_VALUE', { field: 'tcbInfo.id', expected: 'one of SGX, TDX' }],
    [
      'an FMSPC of 5 bytes',
      { fmspc: '0080ff0500' },
      'WRONG_LENGTH',
      { field: 'tcbInfo.fmspc', expected: 6, actual: 5 },
    ],
    ['a PCEID of 1 byte', { pceId: '00' }, 'WRONG_LENGTH', { field: 'tcbInfo.pceId', expected: 2, actual: 1 }],
    [
      'an evaluation number of -1',
      { tcbEvaluationDataNumber: -1 },
      'WRONG_VALUE',
      { field: 'tcbInfo.tcbEvaluationDataNumber', expected: 'from 0 to 4294967295' },
    ],
    [
      'an issue date that is none',
      { issueDate: 'now' },
      'WRONG_VALUE',
      { field: 'tcbInfo.issueDate', expected: 'a time like 2026-11-23T04:19:30Z' },
    ],
    [
      'a next update that is none',
      { nextUpdate: 'now' },
      'WRONG_VALUE',
      { field: 'tcbInfo.nextUpdate', expected: 'a time like 2026-11-23T04:19:30Z' },
    ],
    [
      'a date of a level that is none',
      { tcbLevels: [level(1, 1, { tcbDate: 'now' })] },
      'WRONG_VALUE',
      { field: `${field}[0].tcbDate`, expected: 'a time like 2026-11-23T04:19:30Z' },
    ],
    [
      '15 SGX components',
      {
        tcbLevels: [
          level(1, 1, {
            tcb: { sgxtcbcomponents: components(1).slice(1), pcesvn: 1, tdxtcbcomponents: components(1) },
          }),
        ],
      },
      'WRONG_LENGTH',
      { field: `${field}[0].tcb.sgxtcbcomponents`, expected: 16, actual: 15 },
    ],
    [
      'no TDX components',
      { tcbLevels: [level(1, 1, { tcb: { sgxtcbcomponents: components(1), pcesvn: 1, tdxtcbcomponents: [] } })] },
      'WRONG_LENGTH',
      { field: `${field}[0].tcb.tdxtcbcomponents`, expected: 16, actual: 0 },
    ],
    [
      'a component above 255',
      { tcbLevels: [level(256, 1)] },
      'WRONG_VALUE',
      { field: `${field}[0].tcb.sgxtcbcomponents[0].svn`, expected: 'from 0 to 255' },
    ],
    [
      'a PCESVN above 65535',
      { tcbLevels: [level(1, 65_536)] },
      'WRONG_VALUE',
      { field: `${field}[0].tcb.pcesvn`, expected: 'from 0 to 65535' },
    ],
    [
      'a module whose signer has 47 bytes',
      { tdxModule: { ...MODULE, mrsigner: '00'.repeat(47) } },
      'WRONG_LENGTH',
      { field: 'tcbInfo.tdxModule.mrsigner', expected: 48, actual: 47 },
    ],
    [
      'a module whose attributes have 7 bytes',
      { tdxModule: { ...MODULE, attributes: '00'.repeat(7) } },
      'WRONG_LENGTH',
      { field: 'tcbInfo.tdxModule.attributes', expected: 8, actual: 7 },
    ],
    [
      'a module whose mask has 7 bytes',
      { tdxModule: { ...MODULE, attributesMask: '00'.repeat(7) } },
      'WRONG_LENGTH',
      { field: 'tcbInfo.tdxModule.attributesMask', expected: 8, actual: 7 },
    ],
  ] as const) {
    test(`with ${what} is refused`, () =>
      expect(() => readTcbInfo({ ...TDX, ...members })).toThrowError(refused(code, details)))
  }
})

describe('a QE identity', () => {
  test('gives all it says, its levels highest first', () => {
    expect(readQeIdentity({ ...QE, tcbLevels: [svnLevel(3), svnLevel(8)] })).toEqual({
      id: 'TD_QE',
      issueDate: Date.UTC(2026, 10, 1) / 1000,
      nextUpdate: Date.UTC(2026, 11, 1) / 1000,
      tcbEvaluationDataNumber: 17,
      miscSelect: '00000000',
      miscSelectMask: 'ffffffff',
      attributes: '11'.repeat(16),
      attributesMask: 'fb'.repeat(16),
      mrSigner: 'dc'.repeat(32),
      isvProdId: 2,
      levels: [8, 3].map((isvSvn) => ({
        isvSvn,
        status: 'UpToDate',
        tcbDate: Date.UTC(2024, 2, 13) / 1000,
        advisoryIds: [],
      })),
    })
  })
  for (const [what, members, code, name, facts] of [
    ['another version', { version: 3 }, 'WRONG_VALUE', 'version', { expected: 'from 2 to 2' }],
    ['another enclave', { id: 'QVE' }, 'WRONG_VALUE', 'id', { expected: 'one of QE, TD_QE' }],
    [
      'a date that is none',
      { issueDate: 'now' },
      'WRONG_VALUE',
      'issueDate',
      { expected: 'a time like 2026-11-23T04:19:30Z' },
    ],
    [
      'a next update that is none',
      { nextUpdate: 'now' },
      'WRONG_VALUE',
      'nextUpdate',
      { expected: 'a time like 2026-11-23T04:19:30Z' },
    ],
    ['a MISCSELECT of 3 bytes', { miscselect: '000000' }, 'WRONG_LENGTH', 'miscselect', { expected: 4, actual: 3 }],
    ['a mask of 3 bytes', { miscselectMask: '000000' }, 'WRONG_LENGTH', 'miscselectMask', { expected: 4, actual: 3 }],
    [
      'attributes of 15 bytes',
      { attributes: '00'.repeat(15) },
      'WRONG_LENGTH',
      'attributes',
      { expected: 16, actual: 15 },
    ],
    [
      'a mask of 15 bytes',
      { attributesMask: '00'.repeat(15) },
      'WRONG_LENGTH',
      'attributesMask',
      { expected: 16, actual: 15 },
    ],
    ['a signer of 31 bytes', { mrsigner: '00'.repeat(31) }, 'WRONG_LENGTH', 'mrsigner', { expected: 32, actual: 31 }],
    ['a product above 65535', { isvprodid: 65_536 }, 'WRONG_VALUE', 'isvprodid', { expected: 'from 0 to 65535' }],
    [
      'an evaluation number of 2^32',
      { tcbEvaluationDataNumber: 2 ** 32 },
      'WRONG_VALUE',
      'tcbEvaluationDataNumber',
      { expected: 'from 0 to 4294967295' },
    ],
    [
      'no level',
      { tcbLevels: [] },
      'WRONG_VALUE',
      'tcbLevels',
      { expected: 'a list, not empty and without equal levels' },
    ],
    [
      'a level twice',
      { tcbLevels: [svnLevel(1), svnLevel(1)] },
      'WRONG_VALUE',
      'tcbLevels',
      { expected: 'a list, not empty and without equal levels' },
    ],
    [
      'a version above 65535',
      { tcbLevels: [svnLevel(65_536)] },
      'WRONG_VALUE',
      'tcbLevels[0].tcb.isvsvn',
      { expected: 'from 0 to 65535' },
    ],
  ] as const) {
    test(`with ${what} is refused`, () => {
      expect(() => readQeIdentity({ ...QE, ...members })).toThrowError(
        refused(code, { field: `enclaveIdentity.${name}`, ...facts }),
      )
    })
  }
})

describe('a text that Intel signs', () => {
  const signature = 'aB'.repeat(64)
  test('is its member as it stands, and its signature', () => {
    const {
      value,
      signed,
      signature: bytes,
    } = parseSignedText('tcbInfo', `{"tcbInfo":{ "a" : 1 },"signature":"${signature}"}`)
    expect(value).toEqual({ a: 1 })
    expect(new TextDecoder().decode(signed)).toBe('{ "a" : 1 }')
    expect(bytes).toEqual(new Uint8Array(64).fill(0xab))
  })
  for (const [what, text] of [
    ['another member', `{"enclaveIdentity":{},"signature":"${signature}"}`],
    ['a signature of 63 bytes', `{"tcbInfo":{},"signature":"${signature.slice(2)}"}`],
    ['a signature that is not hexadecimal', `{"tcbInfo":{},"signature":"${signature.slice(1)}g"}`],
    ['something before it', ` {"tcbInfo":{},"signature":"${signature}"}`],
    ['something after it', `{"tcbInfo":{},"signature":"${signature}"} `],
    ['nothing', ''],
  ] as const) {
    test(`is refused with ${what}`, () => {
      const expected = 'the text {"tcbInfo":…,"signature":"…"} with 128 hexadecimal digits, as it was served'
      expect(() => parseSignedText('tcbInfo', text)).toThrowError(
        refused('WRONG_VALUE', { field: 'tcbInfo', expected }),
      )
    })
  }
})
