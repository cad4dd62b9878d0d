import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseSpecId } from '../src/formats/event-log/spec-id.ts'
import { fieldsCut } from './support/cuts.ts'

/** TCG_EfiSpecIdEvent with SHA-256 and no words of a vendor. */
const header = concatBytes(
  utf8('Spec ID Event03\0'),
  Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0b, 0, 32, 0, 0),
)

describe('the header of a crypto-agile log', () => {
  test('names the digests of its events', () =>
    expect(parseSpecId(header)).toEqual([expect.objectContaining({ name: 'sha256', bytes: 32 })]))
  test('names the field in which it ends too early', () =>
    expect(fieldsCut(header, parseSpecId)).toEqual(
      [
        'signature',
        'platformClass',
        'specVersionMinor',
        'specVersionMajor',
        'specErrata',
        'uintnSize',
        'numberOfAlgorithms',
        'digestSizes[0].algorithmId',
        'digestSizes[0].digestSize',
        'vendorInfoSize',
      ].map((field) => `event log header ${field}`),
    ))
})
