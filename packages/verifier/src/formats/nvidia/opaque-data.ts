import { ByteReader, fromUtf8, isZero, MalformedError, toHex } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'

/** What a GPU says of itself beside its measurements. Hex is lower case. */
export interface OpaqueData {
  readonly driverVersion: string
  /** Five numbers in hexadecimal: `96.00.9f.00.01`. */
  readonly vbiosVersion: string
  readonly chipSku: string
  readonly project: string
  readonly projectSku: string
  readonly chipSkuMod?: string
  readonly projectSkuMod?: string
  /** Of the video decoder whose firmware measurement 36 is of. */
  readonly nvdec0: 'enabled' | 'disabled'
  /** Whether the GPU shares its protection with others over NVLink; false also where it says nothing of it. */
  readonly protectedPcie: boolean
  /** SHA-384 of the firmware that the attestation key belongs to. */
  readonly fwid?: string
  readonly boardId?: string
  readonly gpuInfo?: string
  readonly cprInfo?: string
  /** How often each measurement was extended. */
  readonly measurementCounts?: readonly number[]
  /** Types of fields that are not read here. */
  readonly otherFields: readonly number[]
}

/** Types of fields, of NVIDIA's numbering. Source: NVIDIA's attestation SDK and the captures. */
const FIELD = {
  driverVersion: 3,
  gpuInfo: 4,
  vbiosVersion: 6,
  nvdec0: 11,
  measurementCounts: 12,
  cprInfo: 13,
  boardId: 14,
  chipSku: 15,
  chipSkuMod: 16,
  project: 17,
  projectSku: 18,
  projectSkuMod: 19,
  fwid: 20,
  protectedPcie: 21,
} as const

/** Fields that NVIDIA has given a type, and that nothing here rests on. A type without a meaning is refused. */
const UNREAD = [1, 2, 5, 7, 8, 9, 10, 22, 23, 24, 25, 32, 33, 34, 35, 36]

const KNOWN: readonly number[] = [...Object.values(FIELD), ...UNREAD]
const ENABLED = 0xaa
const DISABLED = 0x55
const MOST_TEXT_BYTES = 64

type Fields = ReadonlyMap<number, Uint8Array>

/**
 * Parses the opaque data of a report: fields of a type, a length and a value, little-endian, each type once.
 *
 * @throws {MalformedError} `TRUNCATED`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`, `WRONG_LENGTH`, `TOO_LONG`, `WRONG_VALUE`,
 * `NOT_UTF8`; {VerifierError} `UNSUPPORTED_VALUE`.
 */
export function parseOpaqueData(bytes: Uint8Array): OpaqueData {
  const fields = readFields(bytes)
  const text = (name: keyof typeof FIELD): string => readText(name, required(fields, name))
  const chipSkuMod = fields.get(FIELD.chipSkuMod)
  const projectSkuMod = fields.get(FIELD.projectSkuMod)
  const fwid = fields.get(FIELD.fwid)
  const boardId = fields.get(FIELD.boardId)
  const gpuInfo = fields.get(FIELD.gpuInfo)
  const cprInfo = fields.get(FIELD.cprInfo)
  const counts = fields.get(FIELD.measurementCounts)
  const protectedPcie = fields.get(FIELD.protectedPcie)
  return {
    driverVersion: text('driverVersion'),
    vbiosVersion: readVbiosVersion(required(fields, 'vbiosVersion')),
    chipSku: text('chipSku'),
    project: text('project'),
    projectSku: text('projectSku'),
    ...(chipSkuMod && { chipSkuMod: readText('chipSkuMod', chipSkuMod) }),
    ...(projectSkuMod && { projectSkuMod: toHex(projectSkuMod) }),
    nvdec0: readSwitch('nvdec0', required(fields, 'nvdec0')) ? 'enabled' : 'disabled',
    protectedPcie: protectedPcie !== undefined && readSwitch('protectedPcie', protectedPcie),
    ...(fwid && { fwid: toHex(ofLength('fwid', fwid, 48)) }),
    ...(boardId && { boardId: toHex(boardId) }),
    ...(gpuInfo && { gpuInfo: toHex(gpuInfo) }),
    ...(cprInfo && { cprInfo: toHex(cprInfo) }),
    ...(counts && { measurementCounts: readCounts(ofLength('measurementCounts', counts, 256)) }),
    otherFields: [...fields.keys()].filter((type) => UNREAD.includes(type)).sort((a, b) => a - b),
  }
}

function readFields(bytes: Uint8Array): Fields {
  const r = new ByteReader('OpaqueData', bytes)
  const fields = new Map<number, Uint8Array>()
  while (r.remaining > 0) {
    const type = r.u16(r.offset, 'DataType')
    const length = r.u16(r.offset, 'DataSize')
    const value = r.bytes(r.offset, length, `field ${type}`)
    if (!KNOWN.includes(type)) {
      const facts = { field: 'OpaqueData DataType', expected: 'a type that is known here', actual: String(type) }
      throw new VerifierError('UNSUPPORTED_VALUE', facts)
    }
    if (fields.has(type)) throw new MalformedError('DUPLICATE_MEMBER', { field: 'OpaqueData', member: String(type) })
    fields.set(type, value)
  }
  return fields
}

function required(fields: Fields, name: keyof typeof FIELD): Uint8Array {
  const value = fields.get(FIELD[name])
  if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field: 'OpaqueData', member: name })
  return value
}

function ofLength(name: string, value: Uint8Array, expected: number): Uint8Array {
  if (value.byteLength === expected) return value
  throw new MalformedError('WRONG_LENGTH', { field: `OpaqueData ${name}`, expected, actual: value.byteLength })
}

/** Printable ASCII up to the first zero byte; only zeros after it. */
function readText(name: string, value: Uint8Array): string {
  const field = `OpaqueData ${name}`
  if (value.byteLength > MOST_TEXT_BYTES) {
    throw new MalformedError('TOO_LONG', { field, length: value.byteLength, limit: MOST_TEXT_BYTES })
  }
  const end = value.indexOf(0)
  const text = fromUtf8(field, end < 0 ? value : value.subarray(0, end))
  if (/^[!-~]+$/.test(text) && (end < 0 || isZero(value.subarray(end)))) return text
  throw new MalformedError('WRONG_VALUE', { field, expected: 'printable text with zeros after it' })
}

/** Four numbers, the last first, then the fifth; three zeros. */
function readVbiosVersion(value: Uint8Array): string {
  const [d = 0, c = 0, b = 0, a = 0, e = 0] = ofLength('vbiosVersion', value, 8)
  if (!isZero(value.subarray(5))) {
    throw new MalformedError('WRONG_VALUE', { field: 'OpaqueData vbiosVersion', expected: 'five numbers and zeros' })
  }
  return [a, b, c, d, e].map((part) => toHex(new Uint8Array([part]))).join('.')
}

function readSwitch(name: string, value: Uint8Array): boolean {
  const [state] = ofLength(name, value, 1)
  if (state === ENABLED || state === DISABLED) return state === ENABLED
  throw new MalformedError('WRONG_VALUE', { field: `OpaqueData ${name}`, expected: '0xaa or 0x55' })
}

function readCounts(value: Uint8Array): readonly number[] {
  const r = new ByteReader('measurementCounts', value)
  return Array.from({ length: 64 }, (_, i) => r.u32(4 * i, `count ${i + 1}`))
}
