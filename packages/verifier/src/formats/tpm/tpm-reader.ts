import { ByteReader, MalformedError } from '@blindai/core'

/**
 * Reads what a TPM marshals: big-endian numbers, and byte strings behind a length of 16 bits (`TPM2B_…`). Fields of a TPM
 * have no fixed offsets once a byte string came, so the order of the calls is the specification's table.
 *
 * Source: TPM 2.0 Library, Part 2, section 4.5 (marshalling) and 10.4 (sized buffers).
 */
export class TpmReader {
  readonly #name: string
  readonly #reader: ByteReader

  /** @param name - the structure's name, used as the prefix of every field in errors. */
  constructor(name: string, bytes: Uint8Array) {
    this.#name = name
    this.#reader = new ByteReader(name, bytes)
  }

  u8(field: string): number {
    return this.#reader.u8(this.#reader.offset, field)
  }

  u16(field: string): number {
    return this.#reader.u16be(this.#reader.offset, field)
  }

  u32(field: string): number {
    return this.#reader.u32be(this.#reader.offset, field)
  }

  u64(field: string): bigint {
    return this.#reader.u64be(this.#reader.offset, field)
  }

  bytes(length: number, field: string): Uint8Array<ArrayBuffer> {
    return this.#reader.bytes(this.#reader.offset, length, field)
  }

  /** @param most - the most bytes that the specification lets it have. @throws {MalformedError} `TOO_LONG`, `TRUNCATED`. */
  sized(most: number, field: string): Uint8Array<ArrayBuffer> {
    const length = this.u16(`${field} size`)
    if (length > most) throw new MalformedError('TOO_LONG', { field: this.path(field), length, limit: most })
    return this.bytes(length, field)
  }

  /** TPMI_YES_NO. Source: Part 2, section 9.2. @throws {MalformedError} `WRONG_VALUE`. */
  yesNo(field: string): boolean {
    const value = this.u8(field)
    if (value > 1) throw new MalformedError('WRONG_VALUE', { field: this.path(field), expected: '0 or 1' })
    return value === 1
  }

  /** @throws {MalformedError} `TRAILING_BYTES`. */
  end(): void {
    this.#reader.end()
  }

  /** A field's name in errors. */
  path(field: string): string {
    return `${this.#name} ${field}`
  }
}
