import { ChannelError } from './channel-error.ts'

const KIB = 1024
const SMALLEST = KIB
const LARGEST_POWER = 1024 * KIB
const STEP = 64 * KIB

/**
 * The length that a binary HTTP message of `length` bytes is padded to: the next power of two from 1 KiB to 1 MiB, then
 * the next multiple of 64 KiB. Requests, responses, errors and whole streams follow it alike.
 */
export function paddedLength(length: number): number {
  if (length > LARGEST_POWER) return Math.ceil(length / STEP) * STEP
  let padded = SMALLEST
  while (padded < length) padded *= 2
  return padded
}

/** True for a length that padding produces. */
export function isPaddedLength(length: number): boolean {
  return length === paddedLength(length)
}

/**
 * Checks that padding is zero.
 *
 * @param offset - where the bytes stand in their message, for the error.
 * @throws {ChannelError} `PADDING_INVALID`.
 */
export function checkPadding(bytes: Uint8Array, offset: number): void {
  // Half a megabyte of padding is usual: look at words, and at bytes only around them and to find the culprit.
  const start = Math.min(bytes.byteLength, (4 - (bytes.byteOffset % 4)) % 4)
  const count = (bytes.byteLength - start) >>> 2
  const words = count === 0 ? new Uint32Array() : new Uint32Array(bytes.buffer, bytes.byteOffset + start, count)
  let seen = 0
  // Indexed: an iterator takes ten times as long.
  for (let i = 0; i < count; i++) seen |= words[i] ?? 0
  for (const byte of bytes.subarray(0, start)) seen |= byte
  for (const byte of bytes.subarray(start + 4 * count)) seen |= byte
  if (seen !== 0) throw new ChannelError('PADDING_INVALID', { offset: offset + bytes.findIndex((byte) => byte !== 0) })
}
