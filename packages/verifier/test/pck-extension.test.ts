import {
  concatBytes,
  derBoolean,
  derEnumerated,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  fromHex,
} from '@blindai/core'
import { describe, expect, test } from 'vitest'
import sgx from '../../../vectors/attestation/sgx/cases.json' with { type: 'json' }
import { type PckPlatform, readPckPlatform } from '../src/dcap/pck-extension.ts'
import { parsePckChain } from '../src/dcap/quote-signature.ts'
import { parseSgxQuote } from '../src/formats/sgx/quote.ts'
import { file } from './support/captures.ts'

const OID = '1.2.840.113741.1.13.1'
const FIELD = 'PCK chain[0] SGX extensions'
const TCB = `${FIELD} value ${OID}.2 TCB`

const octets = (length: number): Uint8Array => derOctetString(new Uint8Array(length).fill(length))
const entry = (arc: string, value: Uint8Array): Uint8Array => derSequence(derOid(`${OID}.${arc}`), value)

type Members = Readonly<Record<string, Uint8Array | undefined>>

const COMPONENTS: Members = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`2.${i + 1}`, derInteger(i)]))
const BASE: Members = { '1': octets(16), '3': octets(2), '4': octets(6), '5': derEnumerated(1) }
const TCB_BASE: Members = { ...COMPONENTS, '2.17': derInteger(13), '2.18': octets(16) }

const entries = (members: Members): readonly Uint8Array[] =>
  Object.entries(members).flatMap(([arc, value]) => (value === undefined ? [] : [entry(arc, value)]))

/** The extension with some members replaced, added or left out. */
function extension(members: Members = {}, tcb: Members = {}): Uint8Array {
  return derSequence(...entries({ '2': derSequence(...entries({ ...TCB_BASE, ...tcb })), ...BASE, ...members }))
}

const [{ quote } = { quote: '' }] = sgx.cases
const [certificate] = parsePckChain(parseSgxQuote(file(quote, 'sgx')).signature)

function read(value: Uint8Array): PckPlatform {
  return readPckPlatform({ ...certificate, extensions: new Map([[OID, { critical: false, value }]]) })
}

const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })
const notDer = (field: string, expected: string): unknown =>
  refused('NOT_DER', { field, offset: expect.any(Number), expected })

describe('the SGX extensions of a PCK certificate', () => {
  test('say what the platform is', () => {
    expect(read(extension())).toEqual({
      ppid: '10'.repeat(16),
      pceId: '0202',
      fmspc: '06'.repeat(6),
      sgxComponents: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
      pceSvn: 13,
      cpuSvn: '10'.repeat(16),
    })
  })
  test('are missing by their identifier', () => {
    expect(() => readPckPlatform({ ...certificate, extensions: new Map() })).toThrowError(
      refused('EXTENSION_MISSING', { field: 'PCK chain[0]', oid: OID }),
    )
  })
  for (const arc of Object.keys(BASE)) {
    test(`without ${arc} are refused by its identifier`, () => {
      expect(() => read(extension({ [arc]: undefined }))).toThrowError(
        refused('EXTENSION_MISSING', { field: `${FIELD} value`, oid: `${OID}.${arc}` }),
      )
    })
  }
  for (const arc of Object.keys(TCB_BASE)) {
    test(`without ${arc} are refused by its identifier`, () => {
      expect(() => read(extension({}, { [arc]: undefined }))).toThrowError(
        refused('EXTENSION_MISSING', { field: TCB, oid: `${OID}.${arc}` }),
      )
    })
  }
  test('may say which platform instance it is, and how it is configured', () => {
    const configuration = derSequence(...entries({ '7.1': derBoolean(true), '7.3': derBoolean(false) }))
    expect(() => read(extension({ '6': octets(16), '7': configuration }))).not.toThrow()
  })
  for (const [what, members, tcb, field, expected] of [
    ['a PPID of 15 bytes', { '1': octets(15) }, {}, `value ${OID}.1`, 'PPID of 16 bytes'],
    ['a PCEID of 3 bytes', { '3': octets(3) }, {}, `value ${OID}.3`, 'PCEID of 2 bytes'],
    ['an FMSPC of 5 bytes', { '4': octets(5) }, {}, `value ${OID}.4`, 'FMSPC of 6 bytes'],
    ['a type that is an INTEGER', { '5': derInteger(1) }, {}, `value ${OID}.5`, 'SGX Type with the tag 0x0a'],
    ['an instance of 15 bytes', { '6': octets(15) }, {}, `value ${OID}.6`, 'Platform Instance ID of 16 bytes'],
    ['a configuration that is none', { '7': octets(1) }, {}, `value ${OID}.7`, 'Configuration with the tag 0x30'],
    [
      'a member of the configuration that is no BOOLEAN',
      { '7': derSequence(entry('7.2', octets(1))) },
      {},
      `value ${OID}.7 Configuration ${OID}.7.2`,
      'Configuration with the tag 0x01',
    ],
    ['a TCB that is none', { '2': octets(1) }, {}, `value ${OID}.2`, 'TCB with the tag 0x30'],
    [
      'a component that is no INTEGER',
      {},
      { '2.3': octets(1) },
      `value ${OID}.2 TCB ${OID}.2.3`,
      'component SVN with the tag 0x02',
    ],
    [
      'a PCESVN that is no INTEGER',
      {},
      { '2.17': octets(1) },
      `value ${OID}.2 TCB ${OID}.2.17`,
      'PCESVN with the tag 0x02',
    ],
    ['a CPUSVN of 15 bytes', {}, { '2.18': octets(15) }, `value ${OID}.2 TCB ${OID}.2.18`, 'CPUSVN of 16 bytes'],
  ] as const) {
    test(`are refused with ${what}`, () => {
      expect(() => read(extension(members, tcb))).toThrowError(notDer(`${FIELD} ${field}`, expected))
    })
  }
  test('are refused with a component above 255', () => {
    expect(read(extension({}, { '2.1': derInteger(255) })).sgxComponents[0]).toBe(255)
    expect(() => read(extension({}, { '2.1': derInteger(256) }))).toThrowError(
      refused('UNSUPPORTED_VALUE', { field: `${TCB} ${OID}.2.1`, expected: 'at most 255', actual: '256' }),
    )
  })
  test('are refused with an identifier that is not theirs, or there twice', () => {
    for (const oid of [`${OID}.8`, '1.2.840.113741.1.13.2.1', `${OID}.4.1`]) {
      expect(() => read(derSequence(...entries(BASE), derSequence(derOid(oid), octets(1))))).toThrowError(
        refused('UNSUPPORTED_VALUE', { field: `${FIELD} value`, expected: `an identifier ${OID}.n`, actual: oid }),
      )
    }
    expect(() => read(derSequence(...entries(BASE), entry('4', octets(6))))).toThrowError(
      refused('DUPLICATE_EXTENSION', { field: `${FIELD} value`, oid: `${OID}.4` }),
    )
  })
  test('are refused where something is left over, or an entry is none', () => {
    expect(() => read(concatBytes(extension(), fromHex('more', '0500')))).toThrowError(notDer(FIELD, 'the end'))
    expect(() => read(octets(1))).toThrowError(notDer(FIELD, 'value with the tag 0x30'))
    const list = `${FIELD} value`
    expect(() => read(derSequence(octets(1)))).toThrowError(notDer(list, 'entry with the tag 0x30'))
    expect(() => read(derSequence(derSequence(octets(1))))).toThrowError(
      notDer(`${list} entry`, 'identifier with the tag 0x06'),
    )
    expect(() => read(derSequence(derSequence(derOid(`${OID}.4`))))).toThrowError(notDer(`${list} entry`, 'value'))
    expect(() => read(derSequence(derSequence(derOid(`${OID}.4`), octets(6), octets(1))))).toThrowError(
      notDer(`${list} entry`, 'the end'),
    )
  })
})
