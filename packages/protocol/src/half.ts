/**
 * Numbers as IEEE 754 binary16 and back, for FP16 tensors, in runtimes with and without `Float16Array`.
 */

const SCRATCH = new Float32Array(1)
const SCRATCH_BITS = new Uint32Array(SCRATCH.buffer)

/**
 * The bits of each number as a half, rounded to nearest, ties to even; past 65,504 an infinity. Numbers are rounded to
 * single precision first.
 */
export function packHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) halves[i] = halfBits(values[i] ?? 0)
  return halves
}

/** The number behind the bits of each half; exact. */
export function unpackHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = halfValue(halves[i] ?? 0)
  return values
}

function halfBits(value: number): number {
  SCRATCH[0] = value
  const bits = SCRATCH_BITS[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fff_ffff
  if (magnitude > 0x7f80_0000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff)
  if (magnitude >= 0x4780_0000) return sign | 0x7c00
  if (magnitude < 0x3880_0000) {
    // Subnormal: in units of 2^-24 the value is exact as a double, and adding and subtracting 2^52 rounds it to even.
    return sign | (Math.abs(SCRATCH[0]) * 2 ** 24 + 2 ** 52 - 2 ** 52)
  }
  const rebiased = magnitude - 0x3800_0000
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13)
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
