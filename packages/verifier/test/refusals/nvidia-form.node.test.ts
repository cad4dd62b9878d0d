import { concatBytes, utf8 } from '@blindai/core'
import { block, byteOf, field, opaque } from '../support/nvidia-mock.ts'
import { by, refuseNvidia } from '../support/nvidia-refusal.ts'
import { hex } from '../support/refusal.ts'

const form = by('evidence.form')
const zeros = (length: number): Uint8Array => new Uint8Array(length)
const set =
  (at: number, value: number) =>
  (old: Uint8Array): Uint8Array =>
    old.map((byte, i) => (i === at ? value : byte))

/** Offsets: DSP0274 1.1.3, table 41 (request), table 43 (response), tables 44 and 45 (blocks). */
refuseNvidia('a report of a GPU is refused for its form', 'none', [
  form('TRUNCATED', 'no bytes at all', { changes: { evidence: () => zeros(0) } }),
  form('TRUNCATED', 'a report without its last byte', { changes: { evidence: (bytes) => bytes.slice(0, -1) } }),
  form('TRAILING_BYTES', 'a zero byte after the report', {
    changes: { evidence: (bytes) => concatBytes(bytes, zeros(1)) },
    details: { field: 'GPU report', count: 1 },
  }),
  form('UNSUPPORTED_VALUE', 'a request of SPDM 1.2 (byte 0)', {
    changes: byteOf('request', 0, 0x12),
    details: { field: 'request SPDMVersion', expected: '17', actual: '18' },
  }),
  form('UNSUPPORTED_VALUE', 'a request for something else (byte 1)', {
    changes: byteOf('request', 1, 0xe1),
    details: { field: 'request RequestResponseCode' },
  }),
  form('UNSUPPORTED_VALUE', 'a request without a signature (Param1, byte 2)', {
    changes: byteOf('request', 2, 0),
    details: { field: 'request Param1' },
  }),
  form('UNSUPPORTED_VALUE', 'a request for one measurement (Param2, byte 3)', {
    changes: byteOf('request', 3, 1),
    details: { field: 'request Param2' },
  }),
  form('UNSUPPORTED_VALUE', 'a request for the key of another slot (byte 36)', {
    changes: byteOf('request', 36, 1),
    details: { field: 'request SlotIDParam' },
  }),
  form('UNSUPPORTED_VALUE', 'an answer of SPDM 1.0 (byte 0)', {
    changes: byteOf('head', 0, 0x10),
    details: { field: 'SPDMVersion' },
  }),
  form('UNSUPPORTED_VALUE', 'an error in place of measurements (byte 1)', {
    changes: byteOf('head', 1, 0x7f),
    details: { field: 'RequestResponseCode' },
  }),
  form('UNSUPPORTED_VALUE', 'a number of measurements where none was asked (Param1, byte 2)', {
    changes: byteOf('head', 2, 64),
    details: { field: 'Param1' },
  }),
  form('UNSUPPORTED_VALUE', 'an answer of another slot (Param2, byte 3)', {
    changes: byteOf('head', 3, 1),
    details: { field: 'Param2' },
  }),
  form('UNSUPPORTED_VALUE', '63 blocks (byte 4)', {
    changes: byteOf('head', 4, 63),
    details: { field: 'NumberOfBlocks', expected: '64', actual: '63' },
  }),
  form('UNSUPPORTED_VALUE', 'a longer record (bytes 5 to 7)', {
    changes: byteOf('head', 7, 1),
    details: { field: 'MeasurementRecordLength', actual: String(0x1_0dc0) },
  }),
  form('UNSUPPORTED_VALUE', 'a measurement twice (Index, byte 0 of a block)', {
    changes: block(9, set(0, 8)),
    details: { field: 'measurement 9 Index', expected: '9', actual: '8' },
  }),
  form('UNSUPPORTED_VALUE', 'a measurement of another specification (byte 1)', {
    changes: block(9, set(1, 2)),
    details: { field: 'measurement 9 MeasurementSpecification' },
  }),
  form('UNSUPPORTED_VALUE', 'a shorter measurement (MeasurementSize, byte 2)', {
    changes: block(9, set(2, 50)),
    details: { field: 'measurement 9 MeasurementSize' },
  }),
  form('UNSUPPORTED_VALUE', 'a raw measurement in place of a digest (bit 7 of byte 4)', {
    changes: block(9, set(4, 0x81)),
    details: { field: 'measurement 9 DMTFSpecMeasurementValueType' },
  }),
  form('UNSUPPORTED_VALUE', 'a digest of 32 bytes (byte 5)', {
    changes: block(9, set(5, 32)),
    details: { field: 'measurement 9 DMTFSpecMeasurementValueSize' },
  }),
])

/** Types and sizes: NVIDIA's attestation SDK; the fields of the captures. */
refuseNvidia('a report of a GPU is refused for its opaque data', 'none', [
  form('MISSING_MEMBER', 'no driver version', {
    changes: field(3, undefined),
    details: { field: 'OpaqueData', member: 'driverVersion' },
  }),
  form('MISSING_MEMBER', 'no VBIOS version', { changes: field(6, undefined), details: { member: 'vbiosVersion' } }),
  form('MISSING_MEMBER', 'no state of the decoder', { changes: field(11, undefined), details: { member: 'nvdec0' } }),
  form('MISSING_MEMBER', 'no opaque data at all', { changes: opaque(() => []) }),
  form('DUPLICATE_MEMBER', 'two driver versions', {
    changes: opaque((fields) => [...fields, [3, utf8('999.99\0')]]),
    details: { field: 'OpaqueData', member: '3' },
  }),
  form('UNSUPPORTED_VALUE', 'a field without a meaning', {
    changes: opaque((fields) => [...fields, [26, zeros(1)]]),
    details: { field: 'OpaqueData DataType', actual: '26' },
  }),
  form('TOO_LONG', 'more opaque data than SPDM allows', {
    changes: opaque((fields) => [...fields, [1, zeros(1000)]]),
    details: { field: 'OpaqueData', limit: 1024 },
  }),
  form('TRUNCATED', 'a field that ends behind the opaque data', {
    changes: { opaqueBytes: (bytes) => bytes.slice(0, -1) },
    details: { field: 'OpaqueData field 21' },
  }),
  form('TRUNCATED', 'half a field after the last', {
    changes: { opaqueBytes: (bytes) => concatBytes(bytes, zeros(1)) },
    details: { field: 'OpaqueData DataType' },
  }),
  form('WRONG_VALUE', 'a driver version with something after its end', { changes: field(3, utf8('550.90.07\0x')) }),
  form('WRONG_VALUE', 'an empty driver version', { changes: field(3, zeros(1)) }),
  form('WRONG_VALUE', 'a driver version of two lines', { changes: field(3, utf8('550.90.07\n1')) }),
  form('NOT_UTF8', 'a driver version that is no text', { changes: field(3, hex('ff00')) }),
  form('TOO_LONG', 'an endless driver version', { changes: field(3, zeros(65)), details: { limit: 64 } }),
  form('WRONG_LENGTH', 'a VBIOS version of five bytes', {
    changes: field(6, zeros(5)),
    details: { field: 'OpaqueData vbiosVersion', expected: 8, actual: 5 },
  }),
  form('WRONG_VALUE', 'a VBIOS version of six numbers', { changes: field(6, hex('009f009601010000')) }),
  form('WRONG_VALUE', 'a decoder neither on nor off', {
    changes: field(11, hex('00')),
    details: { field: 'OpaqueData nvdec0', expected: '0xaa or 0x55' },
  }),
  form('WRONG_VALUE', 'protected PCIe neither on nor off', { changes: field(21, hex('01')) }),
  form('WRONG_LENGTH', 'a firmware digest of 32 bytes', { changes: field(20, zeros(32)), details: { expected: 48 } }),
  form('WRONG_LENGTH', 'counts of 63 measurements', { changes: field(12, zeros(252)), details: { expected: 256 } }),
])
