/**
 * Changes the sampling rate of sound: a polyphase filter, windowed sinc.
 *
 * The low-pass lies at 0.95 of the lower of the two Nyquist frequencies; a Kaiser window over 32 zero crossings keeps
 * aliases about 80 dB down. Where the rates have no small ratio, the phases are rounded to a 1/4096 of a sample, which is
 * below the noise of 16 bit recordings for speech.
 *
 * Source: J. O. Smith, "Digital Audio Resampling"; Kaiser window: Oppenheim, Schafer, "Discrete-Time Signal Processing" 7.5.
 */
export function resample(samples: Float32Array, fromRate: number, toRate: number): Float32Array {
  if (fromRate === toRate) return samples
  const divisor = greatestCommonDivisor(fromRate, toRate)
  const exactPhases = toRate / divisor
  const cutoff = ROLL_OFF * Math.min(1, toRate / fromRate)
  const half = Math.ceil(ZERO_CROSSINGS / cutoff)
  const phases = Math.max(1, Math.min(exactPhases, MAX_PHASES, Math.floor(MAX_TAPS / (2 * half))))
  const filters = Array.from({ length: phases }, (_, phase) => filterOf(phase / phases, half, cutoff))

  const length = Math.ceil((samples.length * toRate) / fromRate)
  const output = new Float32Array(length)
  const step = fromRate / divisor
  for (let n = 0; n < length; n++) {
    // The place of this sample among the input's, as a whole number and a fraction.
    const place = n * step
    let whole = Math.floor(place / exactPhases)
    let phase = Math.round(((place % exactPhases) / exactPhases) * phases)
    if (phase === phases) {
      phase = 0
      whole++
    }
    const filter = filters[phase] ?? new Float32Array(0)
    const first = whole - half + 1
    const start = Math.max(0, -first)
    const end = Math.min(filter.length, samples.length - first)
    let sum = 0
    for (let k = start; k < end; k++) sum += (filter[k] ?? 0) * (samples[first + k] ?? 0)
    output[n] = sum
  }
  return output
}

const MAX_PHASES = 4096
/** Of all filters together. */
const MAX_TAPS = 2 ** 21
const ZERO_CROSSINGS = 32
const ROLL_OFF = 0.95
const KAISER_BETA = 8

/** The taps for a place that lies `fraction` of a sample after tap `half - 1`. They add up to one. */
function filterOf(fraction: number, half: number, cutoff: number): Float32Array {
  const taps = new Float64Array(2 * half)
  let sum = 0
  for (let k = 0; k < taps.length; k++) {
    const distance = k - half + 1 - fraction
    const tap = sinc(cutoff * distance) * kaiser(distance / half)
    taps[k] = tap
    sum += tap
  }
  return Float32Array.from(taps, (tap) => tap / sum)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** The Kaiser window over [-1, 1]. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA)
}

/** The modified Bessel function of order zero, by its series. */
function besselI0(x: number): number {
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
