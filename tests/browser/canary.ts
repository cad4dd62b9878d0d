/**
 * Searches captured bytes for numbers that must not be there, in every form in which they could leak: little- and
 * big-endian single and double precision, those bytes as hexadecimal and base64, and the numbers as text.
 */

/** A form, and where in the capture it was found. */
export interface Finding {
  readonly form: string
  readonly offset: number
}

/** How many numbers in a row make a canary: four singles are 16 bytes, which no capture holds by chance. */
const RUN = 4

/** Every form of the numbers that the capture holds. */
export function findCanaries(capture: Uint8Array, numbers: Float32Array): Finding[] {
  const haystack = Buffer.from(capture.buffer, capture.byteOffset, capture.byteLength)
  const findings: Finding[] = []
  for (let start = 0; start + RUN <= numbers.length; start++) {
    for (const [form, needle] of canaryForms(numbers.subarray(start, start + RUN))) {
      const offset = haystack.indexOf(needle)
      if (offset >= 0) findings.push({ form, offset })
    }
  }
  return findings
}

/** The names of all forms; a search that must find something can be held to them. */
export const FORMS: readonly string[] = [
  ...new Set([...canaryForms(Float32Array.of(1, 2, 3, 4))].map(([form]) => form)),
]

/** Every form of a run of numbers, with its name; some names have several. */
export function* canaryForms(run: Float32Array): Generator<readonly [string, Buffer]> {
  const layouts = {
    'float32 le': pack(run, 4, true),
    'float32 be': pack(run, 4, false),
    'float64 le': pack(run, 8, true),
    'float64 be': pack(run, 8, false),
  }
  for (const [layout, bytes] of Object.entries(layouts)) {
    yield [`${layout} raw`, bytes]
    const hex = bytes.toString('hex')
    yield [`${layout} hex`, Buffer.from(hex)]
    yield [`${layout} hex`, Buffer.from(hex.toUpperCase())]
    for (const text of base64Alignments(bytes)) {
      yield [`${layout} base64`, Buffer.from(text)]
      yield [`${layout} base64`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))]
    }
  }
  // A single number's text is enough: eight digits that were drawn at random.
  for (const number of run) yield ['decimal', Buffer.from(String(number))]
  for (const number of run) yield ['decimal', Buffer.from(number.toPrecision(7))]
}

function pack(run: Float32Array, size: 4 | 8, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(run.length * size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  run.forEach((number, i) => {
    if (size === 4) view.setFloat32(i * 4, number, littleEndian)
    else view.setFloat64(i * 8, number, littleEndian)
  })
  return bytes
}

/** What base64 of a longer message holds, wherever in a group of three the bytes begin: only whole characters count. */
export function base64Alignments(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const skip = Math.ceil((shift * 4) / 3)
    const whole = Math.floor(((shift + bytes.byteLength) * 8) / 6)
    return text.slice(skip, whole)
  })
}
