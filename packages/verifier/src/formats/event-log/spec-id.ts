import { ByteReader, equalBytes, MalformedError, utf8 } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { type HashAlgorithm, hashAlgorithmOf } from './hash-algorithms.ts'

const SIGNATURE = utf8('Spec ID Event03\0')
const FIXED_BYTES = 28

/** More than there are hash algorithms; real machines have at most four banks. */
const MAX_ALGORITHMS = 16

/** True for the data of the event that begins a crypto-agile log. */
export function isSpecId(data: Uint8Array): boolean {
  return equalBytes(data.subarray(0, SIGNATURE.byteLength), SIGNATURE)
}

/**
 * Parses the header of a crypto-agile log: which digests each of its events has, in what order.
 *
 * Source: TCG PC Client Platform Firmware Profile 1.06, 10.4.5.1 (TCG_EfiSpecIdEvent). Little-endian.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `WRONG_VALUE`, `WRONG_LENGTH`; {VerifierError}
 * `UNKNOWN_VERSION`, `EVENT_LOG_TOO_MANY`, `EVENT_LOG_ALGORITHM_REPEATED`.
 */
export function parseSpecId(data: Uint8Array): readonly HashAlgorithm[] {
  const r = new ByteReader('event log header', data)
  // biome-ignore format: one row per row of the specification's table
  const header = {
    signature:          r.bytes( 0, 16, 'signature'),
    platformClass:      r.u32  (16,     'platformClass'),
    specVersionMinor:   r.u8   (20,     'specVersionMinor'),
    specVersionMajor:   r.u8   (21,     'specVersionMajor'),
    specErrata:         r.u8   (22,     'specErrata'),
    uintnSize:          r.u8   (23,     'uintnSize'),
    numberOfAlgorithms: r.u32  (24,     'numberOfAlgorithms'),
  }
  requireVersion('specVersionMajor', 2, header.specVersionMajor)
  requireVersion('specVersionMinor', 0, header.specVersionMinor)
  const algorithms = readAlgorithms(r, header.numberOfAlgorithms)
  const vendorInfoSize = r.u8(r.offset, 'vendorInfoSize')
  r.bytes(r.offset, vendorInfoSize, 'vendorInfo')
  r.end()
  return algorithms
}

function requireVersion(field: string, expected: number, actual: number): void {
  if (actual !== expected) throw new VerifierError('UNKNOWN_VERSION', { field: `event log header ${field}`, actual })
}

function readAlgorithms(r: ByteReader, count: number): readonly HashAlgorithm[] {
  if (count === 0) {
    throw new MalformedError('WRONG_VALUE', { field: 'event log header numberOfAlgorithms', expected: 'at least 1' })
  }
  if (count > MAX_ALGORITHMS) {
    throw new VerifierError('EVENT_LOG_TOO_MANY', { field: 'the algorithms of the event log', limit: MAX_ALGORITHMS })
  }
  const algorithms: HashAlgorithm[] = []
  for (let i = 0; i < count; i++) {
    const field = `digestSizes[${i}]`
    const at = FIXED_BYTES + 4 * i
    const algorithm = hashAlgorithmOf(`event log header ${field}.algorithmId`, r.u16(at, `${field}.algorithmId`))
    const actual = r.u16(at + 2, `${field}.digestSize`)
    if (actual !== algorithm.bytes) {
      const facts = { field: `event log header ${field}`, expected: algorithm.bytes, actual }
      throw new MalformedError('WRONG_LENGTH', facts)
    }
    if (algorithms.includes(algorithm)) {
      throw new VerifierError('EVENT_LOG_ALGORITHM_REPEATED', { algorithm: algorithm.name })
    }
    algorithms.push(algorithm)
  }
  return algorithms
}
