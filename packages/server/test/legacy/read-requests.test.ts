import { describe, expect, test } from 'vitest'
import { CborReader } from '../../src/legacy/cbor-reader.ts'
import { readDelete, readRun, readUpload } from '../../src/legacy/read-requests.ts'
import { DOUBLES } from '../fixtures/tiny-models.ts'
import { hex, RECORDED_ID, readerOf, recorded } from './vectors.ts'

const MIB = 1024 * 1024

async function uploaded(reader: CborReader, maxBytes = MIB): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await readUpload(reader, maxBytes, (piece) => {
    pieces.push(new Uint8Array(piece))
    return undefined
  })
  return Buffer.concat(pieces)
}

describe('what the client of BlindAI 0.6 sends', () => {
  test.each(['upload', 'upload-not-optimised'])('%s is the model, in whatever pieces it arrives', async (name) => {
    const bytes = recorded(name)
    for (const pieceBytes of [1, 2, 3, 7, 64, bytes.byteLength]) {
      expect(await uploaded(readerOf(bytes, pieceBytes))).toEqual(Buffer.from(DOUBLES))
    }
  })

  test.each([
    ['float32', 'FP32', '0000803f00000000000000000000803f'],
    ['float64', 'FP64', '000000000000f03f00000000000000000000000000000000000000000000f03f'],
    ['int32', 'INT32', '01000000000000000000000001000000'],
    ['int64', 'INT64', '0100000000000000000000000000000000000000000000000100000000000000'],
    ['uint32', 'UINT32', '01000000000000000000000001000000'],
    ['uint64', 'UINT64', '0100000000000000000000000000000000000000000000000100000000000000'],
    ['uint8', 'UINT8', '01000001'],
    ['uint16', 'UINT16', '0100000000000100'],
    ['int8', 'INT8', '01000001'],
    ['int16', 'INT16', '0100000000000100'],
    ['bool', 'BOOL', '01000001'],
  ])('an array of %s is a tensor of %s', async (name, datatype, data) => {
    expect(await readRun(readerOf(recorded(`run-${name}`)), MIB)).toEqual({
      model: { id: RECORDED_ID },
      inputs: [{ name: 'x', datatype, shape: [2, 2], data: hex(data) }],
    })
  })

  test('a run names its model by id or by hash, and its inputs or not', async () => {
    expect(await readRun(readerOf(recorded('run-by-id'), 5), MIB)).toMatchObject({
      model: { id: RECORDED_ID },
      inputs: [{ name: null, shape: [3] }],
    })
    expect(await readRun(readerOf(recorded('run-by-hash'), 5), MIB)).toMatchObject({
      model: { sha256: 'b0992c39e371e5e92887d2a2b831448990fff128132565c030300a0bf5f1bec0' },
      inputs: [{ name: 'x', shape: [3] }],
    })
    expect(await readRun(readerOf(recorded('run-flat-list')), MIB)).toMatchObject({ inputs: [{ shape: [2] }] })
    expect(await readRun(readerOf(recorded('run-two-inputs')), MIB)).toMatchObject({
      inputs: [
        { name: null, shape: [3] },
        { name: null, datatype: 'FP64', shape: [2, 0, 3], data: new Uint8Array() },
      ],
    })
  })

  test('a deletion is an id', async () => {
    expect(await readDelete(readerOf(recorded('delete')))).toBe(RECORDED_ID)
  })

  test('is refused at every truncation, and with any byte after it', async () => {
    for (const [name, read] of [
      ['upload', uploaded],
      ['run-two-inputs', (reader: CborReader) => readRun(reader, MIB)],
      ['delete', readDelete],
    ] as const) {
      const bytes = recorded(name)
      for (let length = 0; length < bytes.byteLength; length++) {
        await expect(read(readerOf(bytes.subarray(0, length)))).rejects.toMatchObject({ code: 'TRUNCATED' })
      }
      await expect(read(readerOf(Buffer.concat([bytes, hex('00')])))).rejects.toMatchObject({ code: 'TRAILING_BYTES' })
    }
  })
})

const LENGTH = '66 6c656e677468'
const MODEL = '65 6d6f64656c'
const REST = '6a 6d6f64656c5f6e616d65 60 68 6f7074696d697a65 f5'

describe('a hostile upload', () => {
  test.each([
    ['announces another length', `a4 ${MODEL} 42 0102 ${LENGTH} 03 ${REST}`, 'LEGACY_LENGTH_MISMATCH'],
    ['has numbers above 255', `a4 ${MODEL} 81 19 0100 ${LENGTH} 01 ${REST}`, 'WRONG_VALUE'],
    ['has negative numbers', `a4 ${MODEL} 81 20 ${LENGTH} 01 ${REST}`, 'WRONG_TYPE'],
    ['has text among its numbers', `a4 ${MODEL} 81 60 ${LENGTH} 01 ${REST}`, 'WRONG_TYPE'],
    ['has a number in a longer form', `a4 ${MODEL} 81 18 17 ${LENGTH} 01 ${REST}`, 'LEGACY_CBOR_UNSUPPORTED'],
    ['is a text', `a4 ${MODEL} 61 61 ${LENGTH} 01 ${REST}`, 'WRONG_TYPE'],
    ['is an array without an end', `a4 ${MODEL} 9f 01 ff ${LENGTH} 01 ${REST}`, 'LEGACY_CBOR_UNSUPPORTED'],
    ['is a byte string without an end', `a4 ${MODEL} 5f 41 01 ff ${LENGTH} 01 ${REST}`, 'LEGACY_CBOR_UNSUPPORTED'],
    ['is a map without an end', `bf ${MODEL} 41 01 ff`, 'LEGACY_CBOR_UNSUPPORTED'],
    ['is larger than a model may be', `a4 ${MODEL} 9a 00100001`, 'TOO_LONG'],
    ['claims 2^64 - 1 numbers', `a4 ${MODEL} 9b ffffffffffffffff`, 'TOO_LONG'],
    ['claims 2^64 - 1 bytes', `a4 ${MODEL} 5b ffffffffffffffff`, 'TOO_LONG'],
    ['claims more members than there are', 'bb ffffffffffffffff', 'TOO_LONG'],
    ['names a member twice', `a4 ${LENGTH} 01 ${LENGTH} 01 ${REST}`, 'DUPLICATE_MEMBER'],
    ['has a member of another protocol', 'a1 64 7369676e f5', 'UNKNOWN_MEMBER'],
    ['has a name of 2^32 - 1 bytes', 'a1 7a ffffffff', 'TOO_LONG'],
    ['has a name that is no text', 'a1 01 01', 'WRONG_TYPE'],
    ['has a name that is no UTF-8', 'a1 61 ff', 'NOT_UTF8'],
    ['lacks its model', `a3 ${LENGTH} 00 ${REST}`, 'MISSING_MEMBER'],
    ['is no map', '80', 'WRONG_TYPE'],
    ['is tagged', 'd9 d9f7 a0', 'LEGACY_CBOR_UNSUPPORTED'],
    ['has a wish that is null', 'a1 68 6f7074696d697a65 f6', 'WRONG_TYPE'],
    ['has a length that is a float', `a1 ${LENGTH} fa 3f800000`, 'LEGACY_CBOR_UNSUPPORTED'],
    ['has a length of a reserved form', `a1 ${LENGTH} 1c`, 'LEGACY_CBOR_UNSUPPORTED'],
  ])('that %s', async (_name, bytes, code) => {
    await expect(uploaded(readerOf(hex(bytes)))).rejects.toMatchObject({ code })
    await expect(uploaded(readerOf(hex(bytes), 1))).rejects.toMatchObject({ code })
  })

  const INFO = '6b 636c69656e745f696e666f'

  test('nests what is read over no deeper than eight levels', async () => {
    await expect(uploaded(readerOf(hex(`a1 ${INFO} ${'81'.repeat(100_000)}`)))).rejects.toMatchObject({
      code: 'LEGACY_CBOR_TOO_DEEP',
      details: { limit: 8 },
    })
  })

  test.each([
    ['many items', '99 0101'],
    ['many pairs', `b8 90 ${'00 80'.repeat(256)}`],
    ['a long text', '79 1001'],
  ])('has not %s in what is read over', async (_name, info) => {
    await expect(uploaded(readerOf(hex(`a1 ${INFO} ${info}`)))).rejects.toMatchObject({ code: 'TOO_LONG' })
  })

  test('may be a byte string, and have its members in any order', async () => {
    const bytes = hex(`a5 ${INFO} a1 61 61 82 f4 20 ${REST} ${LENGTH} 03 ${MODEL} 43 010203`)
    expect(await uploaded(readerOf(bytes))).toEqual(Buffer.from([1, 2, 3]))
  })

  test('of a hundred million numbers is read in pieces of a bounded size', async () => {
    const count = 100_000_000
    const piece = new Uint8Array(1024 * 1024).fill(0x07)
    async function* body(): AsyncGenerator<Uint8Array> {
      yield hex(`a4 ${MODEL} 9a ${count.toString(16).padStart(8, '0')}`)
      for (let sent = 0; sent < count; sent += piece.byteLength) yield piece.subarray(0, count - sent)
      yield hex(`${LENGTH} 1a ${count.toString(16).padStart(8, '0')} ${REST}`)
    }
    let received = 0
    let largest = 0
    await readUpload(new CborReader(body()), count, (bytes) => {
      received += bytes.byteLength
      largest = Math.max(largest, bytes.byteLength)
      return undefined
    })
    expect({ received, largest }).toEqual({ received: count, largest: 64 * 1024 })
  })
})

describe('a hostile run', () => {
  const ID = '68 6d6f64656c5f6964'
  const HASH = '6a 6d6f64656c5f68617368'
  const INPUTS = '66 696e70757473'
  const UUID = `78 24 ${Buffer.from(RECORDED_ID).toString('hex')}`
  const SHA256 = `78 40 ${Buffer.from('ab'.repeat(32)).toString('hex')}`
  const input = (info: string, data = '40'): string => `a2 64 696e666f ${info} 6a 62797465735f64617461 ${data}`
  const info = (fact: string, type: string): string => `a2 64 66616374 ${fact} 6a 646174756d5f74797065 ${type}`
  const run = (item: string): string => `a3 ${ID} ${UUID} ${HASH} 60 ${INPUTS} ${item}`

  test.each([
    ['names no model', `a3 ${ID} 60 ${HASH} 60 ${INPUTS} 80`, 'LEGACY_MODEL_UNCLEAR'],
    ['names its model twice', `a3 ${ID} ${UUID} ${HASH} ${SHA256} ${INPUTS} 80`, 'LEGACY_MODEL_UNCLEAR'],
    ['has an id that is none', `a3 ${ID} 63 6f7e6e ${HASH} 60 ${INPUTS} 80`, 'WRONG_VALUE'],
    ['has a hash that is none', `a3 ${ID} 60 ${HASH} 62 4142 ${INPUTS} 80`, 'WRONG_VALUE'],
    ['has a hash in upper case', `a3 ${ID} 60 ${HASH} ${SHA256.replaceAll('61', '41')} ${INPUTS} 80`, 'WRONG_VALUE'],
    ['has null for an id', `a1 ${ID} f6`, 'WRONG_TYPE'],
    ['has too many inputs', run('99 0101'), 'TOO_LONG'],
    ['has a type past the last', run(`81 ${input(info('80', '0b'))}`), 'TOO_LONG'],
    ['has a type by name', run(`81 ${input(info('80', '63 463332'))}`), 'WRONG_TYPE'],
    ['has too many dimensions', run(`81 ${input(info('98 21', '00'))}`), 'TOO_LONG'],
    ['has a negative dimension', run(`81 ${input(info('81 20', '00'))}`), 'WRONG_TYPE'],
    ['has a dimension above 2^31', run(`81 ${input(info('81 1b 0000000100000000', '00'))}`), 'TOO_LONG'],
    ['has an input without info', run('81 a1 6a 62797465735f64617461 40'), 'MISSING_MEMBER'],
    ['has data as an array', run(`81 ${input(info('80', '00'), '81 01')}`), 'WRONG_TYPE'],
    ['has data longer than the request', run(`81 ${input(info('80', '00'), '5a 7fffffff')}`), 'TOO_LONG'],
    ['claims data that never comes', run(`81 ${input(info('80', '00'), '5a 000fffff')}`), 'TRUNCATED'],
  ])('that %s', async (_name, bytes, code) => {
    await expect(readRun(readerOf(hex(bytes)), MIB)).rejects.toMatchObject({ code })
  })
})
