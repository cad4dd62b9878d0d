import { MalformedError } from '@blindai/core'

/** A hash function that events are digested with. */
export interface HashAlgorithm {
  /** Its number in TPM structures, TPM_ALG_ID. */
  readonly id: number
  readonly name: HashName
  readonly bytes: number
  /** What WebCrypto calls it; undefined for one that it lacks, whose bank can be read and not replayed. */
  readonly webCrypto?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'
}

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'sm3' | 'sha3-256' | 'sha3-384' | 'sha3-512'

/** Source: TCG Algorithm Registry, table 3 (TPM_ALG_ID), hash algorithms. */
// biome-ignore format: one row per row of the registry's table
const ALGORITHMS: readonly HashAlgorithm[] = [
  { id: 0x0004, name: 'sha1',     bytes: 20, webCrypto: 'SHA-1'   },
  { id: 0x000b, name: 'sha256',   bytes: 32, webCrypto: 'SHA-256' },
  { id: 0x000c, name: 'sha384',   bytes: 48, webCrypto: 'SHA-384' },
  { id: 0x000d, name: 'sha512',   bytes: 64, webCrypto: 'SHA-512' },
  { id: 0x0012, name: 'sm3',      bytes: 32 },
  { id: 0x0027, name: 'sha3-256', bytes: 32 },
  { id: 0x0028, name: 'sha3-384', bytes: 48 },
  { id: 0x0029, name: 'sha3-512', bytes: 64 },
]

/** The algorithm with a name. */
export function hashAlgorithm(name: HashName): HashAlgorithm {
  const found = ALGORITHMS.find((one) => one.name === name)
  if (found === undefined) throw new RangeError(`not a hash algorithm: ${name}`)
  return found
}

/** @throws {MalformedError} `WRONG_VALUE` for a number that stands for no hash algorithm. */
export function hashAlgorithmOf(field: string, id: number): HashAlgorithm {
  const found = ALGORITHMS.find((one) => one.id === id)
  if (found === undefined) throw new MalformedError('WRONG_VALUE', { field, expected: 'a hash algorithm' })
  return found
}
