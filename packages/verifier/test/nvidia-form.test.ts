import {
  concatBytes,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  fromHex,
  toHex,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { DEVICE_ROLES, RIM_ROLES, verifyNvidiaChain } from '../src/formats/nvidia/chains.ts'
import { verifyDeviceIdentity } from '../src/formats/nvidia/device-identity.ts'
import { parseOpaqueData } from '../src/formats/nvidia/opaque-data.ts'
import { type Certificate, parseCertificate } from '../src/x509/certificate.ts'
import { parsePemCertificates } from '../src/x509/pem.ts'
import { nvidiaText } from './support/nvidia-captures.ts'

/** What a GPU says, written here field by field, and certificates that the maker did not issue. */

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 255, value >> 8)
const field = (type: number, value: Uint8Array): Uint8Array => concatBytes(u16(type), u16(value.byteLength), value)

/** Fields that have to be there. */
const NEEDED: readonly (readonly [number, Uint8Array])[] = [
  [3, utf8('550.90.07\0')],
  [6, fromHex('vbios', '0100960a9f000000')],
  [11, Uint8Array.of(0xaa)],
  [15, utf8('2330')],
  [17, utf8('G520')],
  [18, utf8('0200\0\0')],
]

function data(...changes: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const changed = new Map(changes)
  const rest = changes.filter(([type]) => !NEEDED.some(([needed]) => needed === type))
  const fields = [...NEEDED.map(([type, value]) => [type, changed.get(type) ?? value] as const), ...rest]
  return concatBytes(...fields.map(([type, value]) => field(type, value)))
}

function refusal(work: () => unknown): { code: unknown; details: unknown } {
  try {
    work()
  } catch (error) {
    return { code: Reflect.get(Object(error), 'code'), details: Reflect.get(Object(error), 'details') }
  }
  throw new Error('accepted')
}
const refused = (bytes: Uint8Array) => refusal(() => parseOpaqueData(bytes))

const LEAST = {
  driverVersion: '550.90.07',
  vbiosVersion: '0a.96.00.01.9f',
  chipSku: '2330',
  project: 'G520',
  projectSku: '0200',
  nvdec0: 'enabled',
  protectedPcie: false,
  otherFields: [],
}

describe('what a GPU says of itself', () => {
  test('may be the least that it has to say', () => {
    expect(parseOpaqueData(data())).toEqual(LEAST)
  })
  test('may be all that is read here', () => {
    const counts = concatBytes(...Array.from({ length: 64 }, (_, i) => Uint8Array.of(i, 1, 0, 0)))
    const fwid = new Uint8Array(48).fill(7)
    const all = data(
      [11, Uint8Array.of(0x55)],
      [16, utf8('ab')],
      [19, Uint8Array.of(1, 2)],
      [20, fwid],
      [14, Uint8Array.of(3)],
      [4, Uint8Array.of(4, 5)],
      [13, Uint8Array.of(6)],
      [12, counts],
      [21, Uint8Array.of(0xaa)],
    )
    expect(parseOpaqueData(all)).toEqual({
      ...LEAST,
      nvdec0: 'disabled',
      protectedPcie: true,
      chipSkuMod: 'ab',
      projectSkuMod: '0102',
      fwid: toHex(fwid),
      boardId: '03',
      gpuInfo: '0405',
      cprInfo: '06',
      measurementCounts: Array.from({ length: 64 }, (_, i) => i + 256),
    })
    expect(parseOpaqueData(data([21, Uint8Array.of(0x55)])).protectedPcie).toBe(false)
  })
  test('may have fields that are not read here, which are named in order', () => {
    const types = [36, 2, 1, 5, 7, 8, 9, 10, 22, 23, 24, 25, 32, 33, 34, 35]
    const { otherFields } = parseOpaqueData(data(...types.map((type) => [type, Uint8Array.of(1)] as const)))
    expect(otherFields).toEqual(types.sort((a, b) => a - b))
  })
  test.each([0, 26, 31, 37, 65_535])('has no field of the type %i', (type) => {
    expect(refused(data([type, Uint8Array.of(1)]))).toEqual({
      code: 'UNSUPPORTED_VALUE',
      details: { field: 'OpaqueData DataType', expected: 'a type that is known here', actual: String(type) },
    })
  })
  test.each([
    ['DataType', 1, 2],
    ['DataSize', 3, 2],
    ['field 3', 13, 10],
  ])('is refused for %s when it ends there', (name, length, needed) => {
    const details = { field: `OpaqueData ${name}`, needed, available: needed - 1 }
    expect(refused(data().slice(0, length))).toEqual({ code: 'TRUNCATED', details })
  })
  test.each([
    [3, 'driverVersion'],
    [6, 'vbiosVersion'],
    [11, 'nvdec0'],
    [15, 'chipSku'],
    [17, 'project'],
    [18, 'projectSku'],
  ])('has the field %i, the %s', (type, member) => {
    const others = NEEDED.filter(([needed]) => needed !== type)
    expect(refused(concatBytes(...others.map(([needed, value]) => field(needed, value))))).toEqual({
      code: 'MISSING_MEMBER',
      details: { field: 'OpaqueData', member },
    })
  })
  test('has each field once', () => {
    expect(refused(concatBytes(data(), field(3, utf8('550'))))).toEqual({
      code: 'DUPLICATE_MEMBER',
      details: { field: 'OpaqueData', member: '3' },
    })
  })
  test.each([
    [6, 'vbiosVersion', 8],
    [11, 'nvdec0', 1],
    [12, 'measurementCounts', 256],
    [20, 'fwid', 48],
    [21, 'protectedPcie', 1],
  ])('has a field %i, %s, of its length', (type, name, expected) => {
    expect(refused(data([type, new Uint8Array(expected + 1)]))).toEqual({
      code: 'WRONG_LENGTH',
      details: { field: `OpaqueData ${name}`, expected, actual: expected + 1 },
    })
  })
  test.each([
    [11, 'nvdec0'],
    [21, 'protectedPcie'],
  ])('has in field %i, %s, one of two values', (type, name) => {
    expect(refused(data([type, Uint8Array.of(1)]))).toEqual({
      code: 'WRONG_VALUE',
      details: { field: `OpaqueData ${name}`, expected: '0xaa or 0x55' },
    })
  })
  test.each([5, 6, 7])('has a zero at byte %i of the VBIOS version', (at) => {
    const version = new Uint8Array(8)
    version[at] = 1
    expect(refused(data([6, version]))).toEqual({
      code: 'WRONG_VALUE',
      details: { field: 'OpaqueData vbiosVersion', expected: 'five numbers and zeros' },
    })
  })
  test.each([
    ['nothing', ''],
    ['zeros alone', '\0\0'],
    ['text after its zero', 'a\0b'],
    ['a space', 'a b'],
    ['a space before it', ' a'],
    ['a space after it', 'a '],
    ['a letter of another alphabet', 'é'],
  ])('has no text with %s', (_, text) => {
    const details = { field: 'OpaqueData chipSkuMod', expected: 'printable text with zeros after it' }
    expect(refused(data([16, utf8(text)]))).toEqual({ code: 'WRONG_VALUE', details })
  })
  test('has texts of 64 bytes at most', () => {
    expect(parseOpaqueData(data([16, utf8('~'.repeat(64))])).chipSkuMod).toBe('~'.repeat(64))
    expect(refused(data([16, utf8('!'.repeat(65))]))).toEqual({
      code: 'TOO_LONG',
      details: { field: 'OpaqueData chipSkuMod', length: 65, limit: 64 },
    })
  })
})

const chain: readonly Certificate[] = parsePemCertificates('chain', nvidiaText('hopper-coco-a.chain.pem'), 8).map(
  (der) => parseCertificate('chain', der),
)
const [leaf, device] = chain
const NOW = unixSeconds(1_750_000_000)

describe('the names of certificates', () => {
  const named = (certificates: readonly Certificate[], position: number, commonName: string): Certificate[] =>
    certificates.map((one, i) => (i === position ? { ...one, subject: { ...one.subject, commonName } } : one))
  const rims: readonly Certificate[] = chain.slice(0, RIM_ROLES.length + 1)
  const TABLE = [
    [
      'device',
      DEVICE_ROLES,
      chain,
      ['GH100 A01 GSP FMC LF', 'GH100 A01 GSP BROM', 'NVIDIA GH100 Provisioner ICA 1', 'NVIDIA GH100 Identity'],
    ],
    [
      'RIM',
      RIM_ROLES,
      rims,
      ['HCC RIM L4 Signer', 'NVIDIA Reference Value L3 GH100 001', 'NVIDIA Reference Value GH100 CA'],
    ],
  ] as const

  test.each(TABLE)('of the %s chain are those of their roles', (_, roles, __, names) => {
    expect(roles.map(({ names: pattern }, i) => pattern.test(names[i] ?? ''))).toEqual(roles.map(() => true))
    expect(roles.map(({ role }) => role.replace('…', ''))).not.toContain('')
  })
  for (const [kind, roles, certificates, names] of TABLE) {
    const sound = names.reduce((all: readonly Certificate[], name, i) => named(all, i, name), certificates)
    for (const [position, { role }] of roles.entries()) {
      const name = names[position] ?? ''
      const digits = name.replace(/\d/, 'x')
      const others = [`x${name}`, `${name}x`, '', ...(digits === name ? [] : [digits, name.replace(/\d(?=\D*$)/, 'x')])]
      const letters = name.includes('A01') ? [name.replace('A01', 'a01')] : []
      const longer = /\d{1,3}$/.test(name) ? [name.replace(/\d+$/, '1234')] : []
      test.each([...others, ...letters, ...longer])(
        `of the ${kind} chain at ${position} are refused: "%s"`,
        async (actual) => {
          await expect(
            verifyNvidiaChain('NVIDIA chain', named(sound, position, actual), roles, NOW),
          ).rejects.toMatchObject({
            code: 'CERTIFICATE_ROLE_MISMATCH',
            details: { chain: 'NVIDIA chain', position, expected: role, actual },
          })
        },
      )
      const wider = /\d+$/.test(name)
        ? [name.replace(/\d+$/, '7'), name.replace(/\d+$/, '77'), name.replace(/\d+$/, '777')]
        : [name]
      test.each(wider)(`of the ${kind} chain at ${position} may be "%s"`, (good) => {
        expect(roles[position]?.names.test(good)).toBe(true)
      })
    }
  }
  test('are of a chain of its length', async () => {
    await expect(verifyNvidiaChain('NVIDIA chain', chain.slice(1), DEVICE_ROLES, NOW)).rejects.toMatchObject({
      code: 'CHAIN_LENGTH_WRONG',
      details: { chain: 'NVIDIA chain', expected: 5, actual: 4 },
    })
  })
})

describe('the identity of a device in the certificate of its key', () => {
  if (leaf === undefined || device === undefined) throw new Error('no chain')
  const OID = '2.23.133.5.4.1'
  const FWID = '5a'.repeat(48)
  const real = leaf.extensions.get(OID)?.value ?? new Uint8Array()
  /** The public key as it stands in the real extension: after the version. */
  const spki = real.slice(2 + lengthBytes(real), real.byteLength)

  const content = ({
    version = 1,
    hash = '2.16.840.1.101.3.4.2.2',
    digest = 48,
    inner = [] as Uint8Array[],
  } = {}): Uint8Array =>
    derSequence(
      derInteger(version),
      keyOf(spki),
      derSequence(derOid(hash), derOctetString(new Uint8Array(digest).fill(0x5a)), ...inner),
    )
  const withExtension = (value: Uint8Array | undefined): Certificate => ({
    ...leaf,
    field: 'leaf',
    extensions: new Map(value === undefined ? [] : [[OID, { critical: false, value }]]),
  })
  const wrong = (value: Uint8Array | undefined, fwid = FWID) =>
    refusal(() => verifyDeviceIdentity(fwid, withExtension(value), device))

  test('is accepted', () => {
    expect(() => verifyDeviceIdentity(FWID, withExtension(content()), device)).not.toThrow()
  })
  test('is there', () => {
    expect(wrong(undefined)).toEqual({ code: 'EXTENSION_MISSING', details: { field: 'leaf', oid: OID } })
  })
  test('is of the version 1 and SHA-384', () => {
    const sha384 = '2.16.840.1.101.3.4.2.2'
    const facts = (actual: string) => ({
      code: 'UNSUPPORTED_VALUE',
      details: { field: 'leaf device identifier value', expected: `version 1 and ${sha384}`, actual },
    })
    expect(wrong(content({ version: 2 }))).toEqual(facts(`2 and ${sha384}`))
    expect(wrong(content({ hash: '2.16.840.1.101.3.4.2.1' }))).toEqual(facts('1 and 2.16.840.1.101.3.4.2.1'))
  })
  test('is of the key that issued the certificate', () => {
    const refusedKey = refusal(() => verifyDeviceIdentity(FWID, withExtension(content()), leaf))
    expect(refusedKey).toEqual({
      code: 'NVIDIA_DEVICE_KEY_MISMATCH',
      details: { subject: leaf.subject.commonName },
    })
  })
  test('is of the firmware that the report names', () => {
    expect(wrong(content(), '5b'.repeat(48))).toEqual({
      code: 'NVIDIA_FWID_MISMATCH',
      details: { expected: '5b'.repeat(48), actual: FWID },
    })
  })
  test('has nothing after it, nor after its parts', () => {
    const more = Uint8Array.of(5, 0)
    const nothing = { code: 'NOT_DER' }
    expect(wrong(concatBytes(content(), more))).toMatchObject(nothing)
    expect(wrong(derSequence(unwrapped(content()), more))).toMatchObject(nothing)
    expect(wrong(content({ inner: [more] }))).toMatchObject(nothing)
  })
  test.each([
    ['', 'value', Uint8Array.of(5, 0)],
    [' value', 'version', derSequence(Uint8Array.of(5, 0))],
    [' value', 'deviceID', derSequence(derInteger(1), derInteger(1))],
    [' value', 'fwid', derSequence(derInteger(1), keyOf(spki), derInteger(1))],
    [' value fwid', 'hashAlg', derSequence(derInteger(1), keyOf(spki), derSequence(derInteger(1)))],
    [' value fwid', 'digest', content({ digest: 49 })],
    [' value fwid', 'digest', content({ digest: 47 })],
  ])('is named where it is something else, in "%s" the %s', (within, what, value) => {
    expect(wrong(value)).toMatchObject({
      code: 'NOT_DER',
      details: { field: `leaf device identifier${within}`, expected: expect.stringContaining(what) },
    })
  })
})

/** How many octets the length of an element takes. */
function lengthBytes(element: Uint8Array): number {
  const [, first = 0] = element
  return first < 0x80 ? 0 : first & 0x7f
}

/** The content of an element. */
function unwrapped(element: Uint8Array): Uint8Array {
  return element.slice(2 + lengthBytes(element))
}

/** The second element of a content that begins with a version. */
function keyOf(content: Uint8Array): Uint8Array {
  const at = 3
  const head = content.slice(at)
  const [, first = 0, second = 0, third = 0] = head
  const size = first < 0x80 ? 2 + first : first === 0x81 ? 3 + second : 4 + second * 256 + third
  return head.slice(0, size)
}
